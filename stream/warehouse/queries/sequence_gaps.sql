-- sequence_gaps: conversations whose messages are not numbered 1, 2, 3 … without a hole. It must be empty once the sink has all.
-- Parameters:
--   {tenant:String}  the company; empty for all
--   {count:UInt32}   how many conversations at most
-- Columns:
--   tenant, conversation  which
--   messages              how many messages it has; last, the highest number
SELECT tenant, conversation, uniqExact(sequence) AS messages, max(sequence) AS last
FROM messages
WHERE {tenant:String} = '' OR tenant = {tenant:String}
GROUP BY tenant, conversation
HAVING messages != last
ORDER BY tenant, conversation
LIMIT {count:UInt32}
