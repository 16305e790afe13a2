-- conversation_contacts: the contacts of a conversation in the order in which they began, with their waits and what models said of them.
-- Parameters:
--   {tenant:String}        the company
--   {conversation:String}  the conversation
--   {count:UInt32}         how many contacts at most
-- Columns:
--   contact, customer, previous, channel, entry_point, initiation, state, queue, agent, end_reason, wrap_up_code, intent, confidence,
--   language, tier, survey   as the contact says; confidence in thousandths
--   started_ms, enqueued_ms, assigned_ms, first_response_ms, ended_ms, wrapped_ms  Unix milliseconds; 0 for not yet
--   guesses, guess_confidences  what the model that spoke last guessed, the best first; arrays of one length
--   wait_queues, wait_states, wait_reasons, wait_next, wait_enqueued_ms, wait_left_ms  its enqueueings in their order; arrays of one length
SELECT c.contact AS contact, c.customer AS customer, c.previous AS previous, toString(c.channel) AS channel, toString(c.entry_point) AS entry_point,
       toString(c.initiation) AS initiation, toString(c.state) AS state, toString(c.queue) AS queue, toString(c.agent) AS agent,
       toString(c.end_reason) AS end_reason, toString(c.wrap_up_code) AS wrap_up_code, toString(c.intent) AS intent, c.confidence AS confidence,
       toString(c.language) AS language, toString(c.tier) AS tier, c.survey AS survey,
       toUnixTimestamp64Milli(c.started_at) AS started_ms, toUnixTimestamp64Milli(c.enqueued_at) AS enqueued_ms,
       toUnixTimestamp64Milli(c.assigned_at) AS assigned_ms, toUnixTimestamp64Milli(c.first_response_at) AS first_response_ms,
       toUnixTimestamp64Milli(c.ended_at) AS ended_ms, toUnixTimestamp64Milli(c.wrapped_at) AS wrapped_ms,
       i.guesses AS guesses, i.confidences AS guess_confidences,
       arrayMap(x -> x.2, w.all) AS wait_queues, arrayMap(x -> x.3, w.all) AS wait_states, arrayMap(x -> x.4, w.all) AS wait_reasons,
       arrayMap(x -> x.5, w.all) AS wait_next, arrayMap(x -> x.6, w.all) AS wait_enqueued_ms, arrayMap(x -> x.7, w.all) AS wait_left_ms
FROM (
    SELECT *
    FROM contacts FINAL
    WHERE tenant = {tenant:String} AND conversation = {conversation:String}
    ORDER BY started_at, contact
    LIMIT {count:UInt32}
) AS c
LEFT JOIN (
    -- These tables are ordered by time: only the days of the conversation are read.
    SELECT contact, arrayMap(x -> toString(x), argMax(guesses.intent, (at, offset))) AS guesses,
           arrayMap(x -> toInt64(x), argMax(guesses.confidence, (at, offset))) AS confidences
    FROM intents
    WHERE tenant = {tenant:String}
      AND contact IN (SELECT contact FROM contacts WHERE tenant = {tenant:String} AND conversation = {conversation:String})
      AND at >= (SELECT min(started_at) - INTERVAL 1 DAY FROM contacts WHERE tenant = {tenant:String} AND conversation = {conversation:String})
      AND at <= (SELECT max(changed_at) + INTERVAL 1 DAY FROM contacts WHERE tenant = {tenant:String} AND conversation = {conversation:String})
    GROUP BY contact
) AS i ON i.contact = c.contact
LEFT JOIN (
    SELECT contact, arraySort(groupArray((cohort, toString(queue), toString(state), toString(reason), toString(next_queue),
                                          toUnixTimestamp64Milli(enqueued_at), toUnixTimestamp64Milli(changed_at)))) AS all
    FROM queue_cohorts FINAL
    WHERE tenant = {tenant:String}
      AND contact IN (SELECT contact FROM contacts WHERE tenant = {tenant:String} AND conversation = {conversation:String})
      AND enqueued_at >= (SELECT min(started_at) - INTERVAL 1 DAY FROM contacts WHERE tenant = {tenant:String} AND conversation = {conversation:String})
      AND enqueued_at <= (SELECT max(changed_at) + INTERVAL 1 DAY FROM contacts WHERE tenant = {tenant:String} AND conversation = {conversation:String})
    GROUP BY contact
) AS w ON w.contact = c.contact
ORDER BY started_ms, contact
