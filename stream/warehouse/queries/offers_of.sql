-- offers_of: the offers behind a number of offers_by_interval and agent_by_interval, the latest first.
-- Parameters:
--   {tenant:String}  the company
--   {practice:String}  queues to practise in, commas between them, which no number counts; empty for none
--   {queue:String}   only this queue, {agent:String} only this agent; empty for all
--   {from_ms:Int64}  the first moment, {to_ms:Int64} the one behind the last; Unix milliseconds of the offering
--   {state:String}   accepted, rejected, timed_out, rescinded, or offered for those still open; empty for all
--   {skip:UInt32}    how many to pass over, {count:UInt32} how many to give at most
-- Columns:
--   offer, contact, conversation, queue, agent, channel  which
--   state, reason  what became of it, and why it was rescinded
--   offered_ms, closed_ms  Unix milliseconds; closed_ms is 0 while it is open
SELECT offer, contact, conversation, queue, agent, channel, state, reason,
       toUnixTimestamp64Milli(offered_at) AS offered_ms,
       toUnixTimestamp64Milli(closed_at) AS closed_ms
FROM offer_outcomes FINAL
WHERE tenant = {tenant:String}
  AND ({queue:String} = '' OR queue = {queue:String})
  AND NOT (queue != '' AND has(splitByChar(',', {practice:String}), queue))
  AND ({agent:String} = '' OR agent = {agent:String})
  AND ({state:String} = '' OR state = {state:String})
  AND offered_at >= fromUnixTimestamp64Milli({from_ms:Int64})
  AND offered_at < fromUnixTimestamp64Milli({to_ms:Int64})
ORDER BY offered_ms DESC, offer
LIMIT {skip:UInt32}, {count:UInt32}
