    -- Each enqueueing with what became of it. The first begins when the customer began to wait; a later one, where a queue gave the contact
    -- on to the next, with that moment. Of those, so few, it is looked for among the enqueueings of customers who began in the 7 days before.
    SELECT *,
           multiIf(state IN ('answered', 'abandoned', 'flowed_out'), toString(state), 'waiting') AS outcome,
           if(outcome = 'waiting', 0, greatest(enqueued_ms, toUnixTimestamp64Milli(changed_at))) AS left_ms,
           if(outcome = 'waiting', 0, left_ms - enqueued_ms) AS wait_ms
    FROM (
        SELECT queue, contact, cohort, conversation, channel, state, agent, reason, next_queue, changed_at,
               toUnixTimestamp64Milli(enqueued_at) AS enqueued_ms, enqueued_ms AS since_ms
        FROM queue_cohorts FINAL
        WHERE tenant = {tenant:String} AND cohort <= 1 AND (<3> = '' OR queue = <3>)
          AND NOT (queue != '' AND has(splitByChar(',', {practice:String}), queue))
          AND enqueued_at >= fromUnixTimestamp64Milli(<1>) AND enqueued_at < fromUnixTimestamp64Milli(<2>)
        UNION ALL
        SELECT q.queue, q.contact, q.cohort, q.conversation, q.channel, q.state, q.agent, q.reason, q.next_queue, q.changed_at,
               toUnixTimestamp64Milli(if(f.gave = 1, f.changed_at, q.enqueued_at)) AS enqueued_ms, toUnixTimestamp64Milli(q.enqueued_at)
        FROM (
            SELECT queue, contact, cohort, conversation, channel, state, agent, reason, next_queue, changed_at, enqueued_at
            FROM queue_cohorts FINAL
            WHERE tenant = {tenant:String} AND cohort > 1 AND (<3> = '' OR queue = <3>)
              AND NOT (queue != '' AND has(splitByChar(',', {practice:String}), queue))
              AND enqueued_at >= fromUnixTimestamp64Milli(<1> - 604800000) AND enqueued_at < fromUnixTimestamp64Milli(<2>)
        ) AS q
        LEFT JOIN (
            SELECT contact, cohort + 1 AS next, changed_at, 1 AS gave
            FROM queue_cohorts FINAL
            WHERE tenant = {tenant:String} AND state = 'flowed_out' AND next_queue != ''
              AND enqueued_at >= fromUnixTimestamp64Milli(<1> - 604800000) AND enqueued_at < fromUnixTimestamp64Milli(<2>)
        ) AS f ON f.contact = q.contact AND f.next = q.cohort
        WHERE enqueued_ms >= <1> AND enqueued_ms < <2>
    )
