-- event_doubles: facts of folds that are there more than once. It must be empty.
-- Parameters:
--   {tenant:String}  the company; empty for all
--   {count:UInt32}   how many facts at most
-- Columns:
--   tenant, topic, kind, id  which fact
--   times                    how many rows it has
SELECT tenant, topic, kind, id, count() AS times
FROM events
WHERE topic != 'audit' AND ({tenant:String} = '' OR tenant = {tenant:String})
GROUP BY tenant, topic, kind, id
HAVING times > 1
ORDER BY tenant, topic, kind, id
LIMIT {count:UInt32}
