-- queue_by_interval: what became of the contacts enqueued in each interval, by queue. Each enqueueing counts once, in the interval in
-- which it happened, whenever it was answered: so in every row enqueued = answered + abandoned + flowed_out + waiting. A wait is the one in
-- this queue; where a queue gave a contact on, contacts_of says since when the customer waits.
-- Parameters:
--   {tenant:String}      the company
--   {practice:String}    queues to practise in, commas between them, which no number counts; empty for none
--   {queue:String}       only this queue; empty for all
--   {from_ms:Int64}      the first moment, {to_ms:Int64} the one behind the last; Unix milliseconds of the enqueueing
--   {interval_ms:Int64}  the length of an interval, counted from from_ms
--   {target_ms:Int64}    the wait T of the service levels
--   {short_ms:Int64}     an abandon with a shorter wait is a short one
--   {flow_outs:UInt8}, {short_abandons:UInt8}, {abandons:UInt8}  the switches of sl_genesys: 1 counts them in its divisor, 0 does not
-- Columns:
--   interval_ms, queue     the interval's beginning, Unix milliseconds, and the queue
--   enqueued               enqueueings: a contact that comes into the queue a second time counts again
--   answered               taken by an agent, who kept it
--   abandoned              ended by the customer, or gone longer than the grace, while waiting
--   flowed_out             left the queue otherwise: overflow, limits, closed, transferred or ended while waiting
--   waiting                still waiting, those being offered included
--   short_abandoned        abandoned with a wait shorter than short_ms
--   answered_in_target     answered with a wait of T at most; abandoned_in_target likewise
--   wait_answered_ms       sum of the waits of those answered; wait_abandoned_ms likewise
--   asa_ms                 mean wait of those answered (ASA); abandon_ms, of those abandoned; null where there are none
--   max_wait_ms            the longest wait of those who left the queue
--   abandon_rate           abandoned / enqueued, percent
--   sl_connect             (answered_in_target + abandoned_in_target) / enqueued, percent
--   genesys_of             the divisor of sl_genesys
--   sl_genesys             answered_in_target / (answered + abandoned, with the switches), percent
--   sl_copc                answered_in_target / enqueued, percent
--   sl_late_abandons       answered_in_target / (answered + abandoned with a wait over T), percent; each is null where its divisor is 0
SELECT {from_ms:Int64} + intDiv(enqueued_ms - {from_ms:Int64}, {interval_ms:Int64}) * {interval_ms:Int64} AS interval_ms,
       queue,
       count() AS enqueued,
       countIf(outcome = 'answered') AS answered,
       countIf(outcome = 'abandoned') AS abandoned,
       countIf(outcome = 'flowed_out') AS flowed_out,
       countIf(outcome = 'waiting') AS waiting,
       countIf(outcome = 'abandoned' AND wait_ms < {short_ms:Int64}) AS short_abandoned,
       countIf(outcome = 'answered' AND wait_ms <= {target_ms:Int64}) AS answered_in_target,
       countIf(outcome = 'abandoned' AND wait_ms <= {target_ms:Int64}) AS abandoned_in_target,
       sumIf(wait_ms, outcome = 'answered') AS wait_answered_ms,
       sumIf(wait_ms, outcome = 'abandoned') AS wait_abandoned_ms,
       if(answered = 0, NULL, intDiv(wait_answered_ms, answered)) AS asa_ms,
       if(abandoned = 0, NULL, intDiv(wait_abandoned_ms, abandoned)) AS abandon_ms,
       max(wait_ms) AS max_wait_ms,
       round(100 * abandoned / enqueued, 2) AS abandon_rate,
       round(100 * (answered_in_target + abandoned_in_target) / enqueued, 2) AS sl_connect,
       answered + if({abandons:UInt8} = 1, abandoned - if({short_abandons:UInt8} = 1, 0, short_abandoned), 0)
           + if({flow_outs:UInt8} = 1, flowed_out, 0) AS genesys_of,
       if(genesys_of = 0, NULL, round(100 * answered_in_target / genesys_of, 2)) AS sl_genesys,
       round(100 * answered_in_target / enqueued, 2) AS sl_copc,
       if(answered + abandoned = abandoned_in_target, NULL,
          round(100 * answered_in_target / (answered + abandoned - abandoned_in_target), 2)) AS sl_late_abandons
FROM (
{{cohorts {from_ms:Int64} | {to_ms:Int64} | {queue:String}}}
)
GROUP BY interval_ms, queue
ORDER BY interval_ms, queue
