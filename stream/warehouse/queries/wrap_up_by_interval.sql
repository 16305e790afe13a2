-- wrap_up_by_interval: the wrap-up codes of the contacts handled in each interval, by queue: the sum of a queue's rows is handled of
-- contacts_handled.
-- Parameters:
--   {tenant:String}      the company
--   {practice:String}    queues to practise in, commas between them, which no number counts; empty for none
--   {queue:String}       only this queue; empty for all
--   {from_ms:Int64}      the first moment, {to_ms:Int64} the one behind the last; Unix milliseconds of the talk's end
--   {interval_ms:Int64}  the length of an interval, counted from from_ms
-- Columns:
--   interval_ms, queue  the interval's beginning, Unix milliseconds, and the queue
--   code                the wrap-up code; empty where none was given
--   contacts            how many; handle_ms, the sum of talk and wrap-up; acw_ms, of the wrap-up alone
SELECT {from_ms:Int64} + intDiv(ended_ms - {from_ms:Int64}, {interval_ms:Int64}) * {interval_ms:Int64} AS interval_ms,
       queue, wrap_up_code AS code, count() AS contacts, sum(talk + acw) AS handle_ms, sum(acw) AS acw_ms
FROM (
    SELECT queue, wrap_up_code, state, talk_ms AS talk, acw_ms AS acw,
{{handling}}
    FROM contact_ends FINAL
    WHERE tenant = {tenant:String}
      AND ({queue:String} = '' OR queue = {queue:String})
      AND NOT (queue != '' AND has(splitByChar(',', {practice:String}), queue))
      AND ended_at >= fromUnixTimestamp64Milli({from_ms:Int64})
      AND ended_at < fromUnixTimestamp64Milli({to_ms:Int64})
)
WHERE assigned_ms > 0 AND state = 'ended'
GROUP BY interval_ms, queue, code
ORDER BY interval_ms, queue, code
