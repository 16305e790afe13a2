-- floor_now: each agent's state at a moment. Agents of whom nothing was heard for 8 days are left out.
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
SELECT agent, status, reason, next_status, by, activity, connected, contacts, capacity,
       toUnixTimestamp64Milli(since_at) AS since_ms,
       greatest(0, {at_ms:Int64} - since_ms) AS lasts_ms
FROM agent_states
WHERE tenant = {tenant:String}
  AND at <= fromUnixTimestamp64Milli({at_ms:Int64})
  AND at > fromUnixTimestamp64Milli({at_ms:Int64} - 691200000)
  AND (agent, offset) IN (
      SELECT agent, max(offset)
      FROM agent_states
      WHERE tenant = {tenant:String}
        AND at <= fromUnixTimestamp64Milli({at_ms:Int64})
        AND at > fromUnixTimestamp64Milli({at_ms:Int64} - 691200000)
      GROUP BY agent)
ORDER BY agent
LIMIT 1 BY agent
