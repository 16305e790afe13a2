-- queue_by_minute: what happened in each queue minute by minute, each thing in the minute in which it happened. Minutes in which
-- nothing happened and nobody waited are left out. waiting = waiting of the minute before + arrivals - answered - abandoned - flowed_out.
-- Parameters:
--   {tenant:String}  the company
--   {practice:String}  queues to practise in, commas between them, which no number counts; empty for none
--   {queue:String}   only this queue; empty for all
--   {from_ms:Int64}  the first moment, {to_ms:Int64} the one behind the last; who was enqueued more than 7 days before from_ms is not seen
-- Columns:
--   minute_ms, queue  the minute's beginning, Unix milliseconds, counted from from_ms, and the queue
--   arrivals          enqueueings; answered, abandoned, flowed_out, those who left so
--   waiting           who waited at the end of the minute, or at to_ms if that is earlier
--   oldest_ms         since when the one of them waited that waited longest, Unix milliseconds; 0 if none
SELECT {from_ms:Int64} + n * 60000 AS minute_ms,
       queue,
       countIf(n = came) AS arrivals,
       countIf(n = gone AND outcome = 'answered') AS answered,
       countIf(n = gone AND outcome = 'abandoned') AS abandoned,
       countIf(n = gone AND outcome = 'flowed_out') AS flowed_out,
       countIf(n < gone) AS waiting,
       if(waiting = 0, 0, minIf(enqueued_ms, n < gone)) AS oldest_ms
FROM (
    SELECT queue, outcome, enqueued_ms,
           toInt64(intDiv({to_ms:Int64} - {from_ms:Int64} + 59999, 60000)) AS minutes,
           if(enqueued_ms < {from_ms:Int64}, toInt64(-1), intDiv(enqueued_ms - {from_ms:Int64}, 60000)) AS came,
           if(outcome = 'waiting' OR left_ms >= {to_ms:Int64}, minutes, intDiv(left_ms - {from_ms:Int64}, 60000)) AS gone
    FROM (
{{cohorts {from_ms:Int64} - 604800000 | {to_ms:Int64} | {queue:String}}}
    )
    WHERE outcome = 'waiting' OR left_ms >= {from_ms:Int64}
)
ARRAY JOIN range(greatest(0, came), least(minutes, gone + 1)) AS n
GROUP BY minute_ms, queue
ORDER BY minute_ms, queue
