-- flow_outs_by_interval: why and whereto contacts left a queue unanswered, by the interval of the enqueueing: the sum of a queue's rows is
-- flowed_out of queue_by_interval.
-- Parameters:
--   {tenant:String}      the company
--   {practice:String}    queues to practise in, commas between them, which no number counts; empty for none
--   {queue:String}       only this queue; empty for all
--   {from_ms:Int64}      the first moment, {to_ms:Int64} the one behind the last; Unix milliseconds of the enqueueing
--   {interval_ms:Int64}  the length of an interval, counted from from_ms
-- Columns:
--   interval_ms, queue  the interval's beginning, Unix milliseconds, and the queue
--   reason              overflow, full, too_long, closed, transfer, ended, queue_gone; empty where the fact does not say
--   next_queue          where they went; empty for nowhere
--   flowed_out          how many; wait_ms, the sum of their waits
SELECT {from_ms:Int64} + intDiv(enqueued_ms - {from_ms:Int64}, {interval_ms:Int64}) * {interval_ms:Int64} AS interval_ms,
       queue, reason, next_queue, count() AS flowed_out, sum(wait_ms) AS wait_ms
FROM (
{{cohorts {from_ms:Int64} | {to_ms:Int64} | {queue:String}}}
)
WHERE outcome = 'flowed_out'
GROUP BY interval_ms, queue, reason, next_queue
ORDER BY interval_ms, queue, reason, next_queue
