-- queue_now: what waits in each queue at a moment. A contact that is being offered to an agent still waits.
-- Parameters:
--   {tenant:String}  the company
--   {practice:String}  queues to practise in, commas between them, which no number counts; empty for none
--   {at_ms:Int64}    the moment, Unix milliseconds; who was enqueued more than 7 days before it is not seen
-- Columns:
--   queue      its id; a queue that nobody entered in those days is left out
--   waiting    how many contacts wait, those being offered included
--   offered    how many of them are being offered, as far as is known now
--   oldest_ms  since when the one waits in it that has waited longest, Unix milliseconds; 0 if none
SELECT queue,
       countIf(waits) AS waiting,
       countIf(waits AND state = 'offered') AS offered,
       if(waiting = 0, 0, minIf(enqueued_ms, waits)) AS oldest_ms
FROM (
    SELECT queue, state, outcome, enqueued_ms, outcome = 'waiting' OR left_ms > {at_ms:Int64} AS waits
    FROM (
{{cohorts {at_ms:Int64} - 604800000 | {at_ms:Int64} + 1 | ''}}
    )
)
GROUP BY queue
ORDER BY queue
