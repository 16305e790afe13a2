-- agent_time_by_interval: how long each agent was in each status, with which reason, doing what, within each interval. The times of an
-- agent in an interval add up to its length, from the first state known on; a state is known for 8 days. The last state lasts until
-- to_ms, which should not lie ahead.
-- Parameters:
--   {tenant:String}      the company
--   {agent:String}       only this agent; empty for all
--   {from_ms:Int64}      the first moment, {to_ms:Int64} the one behind the last; Unix milliseconds
--   {interval_ms:Int64}  the length of an interval, counted from from_ms
-- Columns:
--   interval_ms, agent  the interval's beginning, Unix milliseconds, and the agent
--   status, reason      what was set: available, break, offline, away …, and its code
--   activity            what the agent did: idle, offered, busy, wrapping
--   doing               both in one word, as agent_by_interval counts it: idle, offered, busy, wrapping, away, offline
--   ms                  how long, milliseconds
SELECT interval_ms, agent, status, reason, activity, doing, sum(ms) AS ms
FROM (
{{agent_time}}
)
GROUP BY interval_ms, agent, status, reason, activity, doing
ORDER BY interval_ms, agent, status, reason, activity, doing
