-- floor_now: each agent's state at a moment. Agents of whom nothing was heard for 31 days are left out.
-- Parameters:
--   {tenant:String}  the company
--   {at_ms:Int64}    the moment, Unix milliseconds
-- Columns:
--   agent        the agent's id
--   status       what the agent set: available, break, offline, away …; reason, its code
--   next_status  the status that begins when the agent is free; empty for none
--   by           the account of the supervisor who set the status; empty for the agent's own word
--   activity     what the agent does: idle, offered, busy, wrapping
--   connected    whether a screen is connected
--   contacts     the contacts the agent has; capacity, how many there may be
--   since_ms     when this state began, Unix milliseconds; lasts_ms, how long it has lasted at the moment
SELECT agent,
       argMax(agent_states.status, offset) AS status,
       argMax(agent_states.reason, offset) AS reason,
       argMax(agent_states.next_status, offset) AS next_status,
       argMax(agent_states.by, offset) AS by,
       argMax(agent_states.activity, offset) AS activity,
       argMax(agent_states.connected, offset) AS connected,
       argMax(agent_states.contacts, offset) AS contacts,
       argMax(agent_states.capacity, offset) AS capacity,
       toUnixTimestamp64Milli(argMax(since_at, offset)) AS since_ms,
       greatest(0, {at_ms:Int64} - since_ms) AS lasts_ms
FROM agent_states
WHERE tenant = {tenant:String}
  AND at <= fromUnixTimestamp64Milli({at_ms:Int64})
  AND at > fromUnixTimestamp64Milli({at_ms:Int64} - 2678400000)
GROUP BY agent
ORDER BY agent
