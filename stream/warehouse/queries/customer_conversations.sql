-- customer_conversations: a customer's conversations on all channels, the latest first.
-- Parameters:
--   {tenant:String}    the company
--   {customer:String}  the customer
--   {count:UInt32}     how many conversations at most
-- Columns:
--   conversation  its id; channels and queues it passed, agents who had it, each once
--   contacts      how many contacts it has; open, how many of them have not ended
--   messages      how many messages customer and agents wrote in them
--   started_ms    when its first contact began; changed_ms, when one of its contacts changed last; Unix milliseconds
SELECT conversation,
       arraySort(groupUniqArray(toString(channel))) AS channels,
       arraySort(arrayFilter(x -> x != '', groupUniqArray(toString(queue)))) AS queues,
       arraySort(arrayFilter(x -> x != '', groupUniqArray(toString(agent)))) AS agents,
       count() AS contacts,
       countIf(state != 'ended') AS open,
       sum(customer_messages + agent_messages) AS messages,
       toUnixTimestamp64Milli(min(started_at)) AS started_ms,
       toUnixTimestamp64Milli(max(changed_at)) AS changed_ms
FROM contacts FINAL
WHERE tenant = {tenant:String} AND customer = {customer:String}
GROUP BY conversation
ORDER BY changed_ms DESC, conversation
LIMIT {count:UInt32}
