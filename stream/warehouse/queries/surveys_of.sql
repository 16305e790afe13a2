-- surveys_of: the answers behind a number of surveys_by_interval, the latest first.
-- Parameters:
--   {tenant:String}    the company
--   {practice:String}  queues to practise in, commas between them, which no number counts; empty for none
--   {queue:String}     only this queue, {agent:String} only this agent; empty for all
--   {from_ms:Int64}    the first moment, {to_ms:Int64} the one behind the last; Unix milliseconds of the answer
--   {min_score:UInt8}  only with this score at least, {max_score:UInt8} at most
--   {skip:UInt32}      how many to pass over, {count:UInt32} how many to give at most
-- Columns:
--   contact, conversation, queue, agent  about what; score, 1 to 5
--   at_ms                                when it was answered, Unix milliseconds
SELECT contact, last_conversation AS conversation, last_queue AS queue, last_agent AS agent, last_score AS score, at_ms
FROM (
    SELECT contact, argMax(conversation, (at, offset)) AS last_conversation, argMax(queue, (at, offset)) AS last_queue,
           argMax(agent, (at, offset)) AS last_agent, argMax(score, (at, offset)) AS last_score, toUnixTimestamp64Milli(max(at)) AS at_ms
    FROM surveys
    WHERE tenant = {tenant:String}
      AND ({queue:String} = '' OR queue = {queue:String})
      AND NOT (queue != '' AND has(splitByChar(',', {practice:String}), queue))
      AND ({agent:String} = '' OR agent = {agent:String})
      AND at >= fromUnixTimestamp64Milli({from_ms:Int64})
      AND at < fromUnixTimestamp64Milli({to_ms:Int64})
    GROUP BY contact
)
WHERE last_score BETWEEN {min_score:UInt8} AND {max_score:UInt8}
ORDER BY at_ms DESC, contact
LIMIT {skip:UInt32}, {count:UInt32}
