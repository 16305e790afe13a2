    -- Each state of each agent from its beginning to the next one's, cut at the interval's ends: the pieces have no hole and no overlap.
    -- A state begins at since_at; where that is the one before's, only contacts or the reason changed, at the time of the fact.
    SELECT agent, status, reason, activity,
           multiIf(activity IN ('busy', 'wrapping'), toString(activity),
                   holding, 'busy',
                   activity = 'offered', 'offered',
                   status = 'offline' OR NOT connected, 'offline',
                   status = 'available', 'idle',
                   'away') AS doing,
           {from_ms:Int64} + n * {interval_ms:Int64} AS interval_ms,
           least(ends, interval_ms + {interval_ms:Int64}) - greatest(starts, interval_ms) AS ms
    FROM (
        SELECT agent, status, reason, activity, connected, holding, greatest(starts_ms, {from_ms:Int64}) AS starts,
               least({to_ms:Int64}, leadInFrame(starts_ms, 1, {to_ms:Int64}) OVER (
                   PARTITION BY agent ORDER BY offset ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING)) AS ends
        FROM (
            SELECT agent, offset, status, reason, activity, connected, holding,
                   max(if(since_ms = before_ms, at_ms, since_ms)) OVER (
                       PARTITION BY agent ORDER BY offset ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS starts_ms
            FROM (
                SELECT agent, offset, status, reason, activity, connected, notEmpty(contacts) AS holding,
                       toUnixTimestamp64Milli(since_at) AS since_ms, toUnixTimestamp64Milli(at) AS at_ms,
                       lagInFrame(since_ms, 1, toInt64(-1)) OVER (
                           PARTITION BY agent ORDER BY offset ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS before_ms
                FROM agent_states
                WHERE tenant = {tenant:String}
                  AND ({agent:String} = '' OR agent = {agent:String})
                  AND at > fromUnixTimestamp64Milli({from_ms:Int64} - 691200000)
                  AND at < fromUnixTimestamp64Milli({to_ms:Int64} + 600000)
                  -- Of what was before, the last state alone counts: only it is read whole. Clocks may differ by ten minutes.
                  AND (at > fromUnixTimestamp64Milli({from_ms:Int64} - 600000) OR (agent, offset) IN (
                      SELECT agent, max(offset)
                      FROM agent_states
                      WHERE tenant = {tenant:String}
                        AND ({agent:String} = '' OR agent = {agent:String})
                        AND at > fromUnixTimestamp64Milli({from_ms:Int64} - 691200000)
                        AND at <= fromUnixTimestamp64Milli({from_ms:Int64} - 600000)
                      GROUP BY agent))
            )
        )
    )
    ARRAY JOIN range(toUInt64(intDiv(starts - {from_ms:Int64}, {interval_ms:Int64})),
                     toUInt64(greatest(0, intDiv(ends - 1 - {from_ms:Int64}, {interval_ms:Int64})) + 1)) AS n
    WHERE ends > starts AND ends > {from_ms:Int64}
