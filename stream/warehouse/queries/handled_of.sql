-- handled_of: the contacts behind a number of contacts_handled, wrap_up_by_interval and agent_by_interval, the latest first.
-- Parameters:
--   {tenant:String}      the company
--   {practice:String}    queues to practise in, commas between them, which no number counts; empty for none
--   {queue:String}       only this queue, {agent:String} only this agent; empty for all
--   {from_ms:Int64}      the first moment, {to_ms:Int64} the one behind the last; Unix milliseconds of the talk's end
--   {state:String}       ended for those handled, wrapping for those whose wrap-up goes on; empty for all
--   {initiation:String}  only those begun so, e.g. transfer; {end_reason:String} only those ended so; empty for all
--   {code:String}        only with this wrap-up code; empty for all, - for those without
--   {skip:UInt32}        how many to pass over, {count:UInt32} how many to give at most
-- Columns:
--   contact, conversation, queue, agent, channel  which
--   state, initiation, end_reason, code, intent, survey  as the contact says
--   assigned_ms, ended_ms, wrapped_ms  Unix milliseconds; 0 for not yet
--   talk_ms, acw_ms  how long the talk was, and the wrap-up
SELECT contact, conversation, queue, agent, channel, state, initiation, end_reason, wrap_up_code AS code, intent, survey,
       assigned_ms, ended_ms, wrapped_ms, talk_ms, acw_ms
FROM (
    SELECT contact, conversation, queue, agent, channel, state, initiation, end_reason, wrap_up_code, intent, survey,
{{handling}}
    FROM contact_ends FINAL
    WHERE tenant = {tenant:String}
      AND ({queue:String} = '' OR queue = {queue:String})
      AND NOT (queue != '' AND has(splitByChar(',', {practice:String}), queue))
      AND ({agent:String} = '' OR agent = {agent:String})
      AND ended_at >= fromUnixTimestamp64Milli({from_ms:Int64})
      AND ended_at < fromUnixTimestamp64Milli({to_ms:Int64})
)
WHERE assigned_ms > 0
  AND ({state:String} = '' OR state = {state:String})
  AND ({initiation:String} = '' OR initiation = {initiation:String})
  AND ({end_reason:String} = '' OR end_reason = {end_reason:String})
  AND ({code:String} = '' OR wrap_up_code = if({code:String} = '-', '', {code:String}))
ORDER BY ended_ms DESC, contact
LIMIT {skip:UInt32}, {count:UInt32}
