-- message_doubles: messages that are there more than once, or with another sequence or conversation each time. It must be empty.
-- Parameters:
--   {tenant:String}  the company; empty for all
--   {count:UInt32}   how many messages at most
-- Columns:
--   tenant, message  whose
--   times            how many rows it has
SELECT tenant, message, count() AS times
FROM messages
WHERE {tenant:String} = '' OR tenant = {tenant:String}
GROUP BY tenant, message
HAVING times > 1
ORDER BY tenant, message
LIMIT {count:UInt32}
