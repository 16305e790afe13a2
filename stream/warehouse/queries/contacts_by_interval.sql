-- contacts_by_interval: what became of the contacts enqueued in each interval, by queue. A contact counts in the interval of its
-- enqueueing, whenever it was answered; so in every row enqueued = answered + abandoned + flowed_out + waiting.
-- Parameters:
--   {tenant:String}      the company
--   {queue:String}       only this queue; empty for all
--   {from_ms:Int64}      the first moment, {to_ms:Int64} the one behind the last; Unix milliseconds of the enqueueing
--   {to_ms:Int64}        see from_ms
--   {interval_ms:Int64}  the length of an interval, counted from from_ms
--   {target_ms:Int64}    the wait T of the service levels
-- Columns:
--   interval_ms, queue     the interval's beginning, Unix milliseconds, and the queue
--   enqueued               contacts enqueued
--   answered               assigned to an agent, and not waiting again
--   abandoned              ended by the customer, or gone longer than the grace, while waiting
--   flowed_out             left the queue otherwise: closed or transferred while waiting
--   waiting                still waiting
--   answered_in_target     answered with a wait of T at most; abandoned_in_target likewise
--   wait_answered_ms       sum of the waits of those answered (ASA = this / answered); wait_abandoned_ms likewise
--   handle_ms, handled     sum of the time from assignment to the end of wrap-up, and of how many (AHT = handle_ms / handled)
--   sl_connect             (answered_in_target + abandoned_in_target) / enqueued, percent
--   sl_genesys             answered_in_target / (answered + abandoned), percent
--   sl_copc                answered_in_target / enqueued, percent
--   sl_late_abandons       answered_in_target / (answered + abandoned - abandoned_in_target), percent; each is 0 where its divisor is 0
SELECT {from_ms:Int64} + intDiv(toUnixTimestamp64Milli(enqueued_at) - {from_ms:Int64}, {interval_ms:Int64}) * {interval_ms:Int64} AS interval_ms,
       queue,
       count() AS enqueued,
       countIf(outcome = 'answered') AS answered,
       countIf(outcome = 'abandoned') AS abandoned,
       countIf(outcome = 'flowed_out') AS flowed_out,
       countIf(outcome = 'waiting') AS waiting,
       countIf(outcome = 'answered' AND wait_ms <= {target_ms:Int64}) AS answered_in_target,
       countIf(outcome = 'abandoned' AND wait_ms <= {target_ms:Int64}) AS abandoned_in_target,
       sumIf(wait_ms, outcome = 'answered') AS wait_answered_ms,
       sumIf(wait_ms, outcome = 'abandoned') AS wait_abandoned_ms,
       sumIf(greatest(0, handled_until - toUnixTimestamp64Milli(assigned_at)), outcome = 'answered' AND state = 'ended') AS handle_ms,
       countIf(outcome = 'answered' AND state = 'ended') AS handled,
       if(enqueued = 0, 0, round(100 * (answered_in_target + abandoned_in_target) / enqueued, 2)) AS sl_connect,
       if(answered + abandoned = 0, 0, round(100 * answered_in_target / (answered + abandoned), 2)) AS sl_genesys,
       if(enqueued = 0, 0, round(100 * answered_in_target / enqueued, 2)) AS sl_copc,
       if(answered + abandoned = abandoned_in_target, 0,
          round(100 * answered_in_target / (answered + abandoned - abandoned_in_target), 2)) AS sl_late_abandons
FROM (
    SELECT queue, state, enqueued_at, assigned_at,
           multiIf(state = 'queued', 'waiting',
                   toUnixTimestamp64Milli(assigned_at) > 0, 'answered',
                   end_reason = 'abandoned' OR end_reason = 'customer', 'abandoned',
                   'flowed_out') AS outcome,
           greatest(0, toUnixTimestamp64Milli(if(outcome = 'answered', assigned_at, ended_at)) - toUnixTimestamp64Milli(enqueued_at)) AS wait_ms,
           greatest(toUnixTimestamp64Milli(wrapped_at), toUnixTimestamp64Milli(ended_at)) AS handled_until
    FROM contacts FINAL
    WHERE tenant = {tenant:String}
      AND ({queue:String} = '' OR queue = {queue:String})
      AND enqueued_at >= fromUnixTimestamp64Milli({from_ms:Int64})
      AND enqueued_at < fromUnixTimestamp64Milli({to_ms:Int64})
)
GROUP BY interval_ms, queue
ORDER BY interval_ms, queue
