-- queue_now: what waits in each queue at a moment. A contact that is being offered to an agent still waits.
-- Parameters:
--   {tenant:String}  the company
--   {at_ms:Int64}    the moment, Unix milliseconds; entries older than 7 days then are not looked at
-- Columns:
--   queue      its id
--   waiting    how many contacts wait, those being offered included
--   offered    how many of them are being offered
--   oldest_ms  since when the one waits that has waited longest, Unix milliseconds; 0 if none
SELECT queue,
       countIf(state IN ('waiting', 'offered')) AS waiting,
       countIf(state = 'offered') AS offered,
       if(waiting = 0, 0, toUnixTimestamp64Milli(minIf(enqueued, state IN ('waiting', 'offered')))) AS oldest_ms
FROM (
    SELECT queue, contact, argMax(state, offset) AS state, argMax(enqueued_at, offset) AS enqueued
    FROM queue_entries
    WHERE tenant = {tenant:String}
      AND changed_at <= fromUnixTimestamp64Milli({at_ms:Int64})
      AND changed_at > fromUnixTimestamp64Milli({at_ms:Int64} - 604800000)
    GROUP BY queue, contact
)
GROUP BY queue
ORDER BY queue
