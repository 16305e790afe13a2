-- offers_by_interval: the offers made in each interval, by queue and agent, and what became of them:
-- offers = accepted + rejected + timed_out + rescinded + open.
-- Parameters:
--   {tenant:String}      the company
--   {practice:String}    queues to practise in, commas between them, which no number counts; empty for none
--   {queue:String}       only this queue, {agent:String} only this agent; empty for all
--   {from_ms:Int64}      the first moment, {to_ms:Int64} the one behind the last; Unix milliseconds of the offering
--   {interval_ms:Int64}  the length of an interval, counted from from_ms
-- Columns:
--   interval_ms, queue, agent  the interval's beginning, Unix milliseconds, out of which queue and to whom
--   offers                     how many; accepted, rejected, timed_out, rescinded, open, what became of them
--   customer_left              how many of those rescinded were so because the customer left
--   connecting_ms              sum of the times from offer to acceptance
SELECT {from_ms:Int64} + intDiv(toUnixTimestamp64Milli(offered_at) - {from_ms:Int64}, {interval_ms:Int64}) * {interval_ms:Int64} AS interval_ms,
       queue, agent,
       count() AS offers,
       countIf(state = 'accepted') AS accepted,
       countIf(state = 'rejected') AS rejected,
       countIf(state = 'timed_out') AS timed_out,
       countIf(state = 'rescinded') AS rescinded,
       countIf(state = 'offered') AS open,
       countIf(state = 'rescinded' AND reason IN ('abandoned', 'ended')) AS customer_left,
       sumIf(greatest(0, toUnixTimestamp64Milli(closed_at) - toUnixTimestamp64Milli(offered_at)), state = 'accepted') AS connecting_ms
FROM offer_outcomes FINAL
WHERE tenant = {tenant:String}
  AND ({queue:String} = '' OR queue = {queue:String})
  AND NOT (queue != '' AND has(splitByChar(',', {practice:String}), queue))
  AND ({agent:String} = '' OR agent = {agent:String})
  AND offered_at >= fromUnixTimestamp64Milli({from_ms:Int64})
  AND offered_at < fromUnixTimestamp64Milli({to_ms:Int64})
GROUP BY interval_ms, queue, agent
ORDER BY interval_ms, queue, agent
