-- agent_states_now: each agent's state at a moment. Agents of whom nothing was heard for 31 days are left out.
-- Parameters:
--   {tenant:String}  the company
--   {at_ms:Int64}    the moment, Unix milliseconds
-- Columns:
--   agent      the agent's id
--   status     what the agent set: available, break, offline, away …; reason, its code
--   activity   what the agent does: idle, offered, busy, wrapping
--   connected  whether a screen is connected
--   contacts   the contacts the agent has
--   since_ms   when this state began, Unix milliseconds; lasts_ms, how long it has lasted at the moment
SELECT agent,
       argMax(status, offset) AS status,
       argMax(reason, offset) AS reason,
       argMax(activity, offset) AS activity,
       argMax(connected, offset) AS connected,
       argMax(contacts, offset) AS contacts,
       toUnixTimestamp64Milli(argMax(since_at, offset)) AS since_ms,
       greatest(0, {at_ms:Int64} - since_ms) AS lasts_ms
FROM agent_states
WHERE tenant = {tenant:String}
  AND at <= fromUnixTimestamp64Milli({at_ms:Int64})
  AND at > fromUnixTimestamp64Milli({at_ms:Int64} - 2678400000)
GROUP BY agent
ORDER BY agent
