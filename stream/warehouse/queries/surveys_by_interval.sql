-- surveys_by_interval: what customers answered after a contact, by queue and agent. Of several answers about one contact between from_ms
-- and to_ms the last one counts.
-- Parameters:
--   {tenant:String}      the company
--   {practice:String}    queues to practise in, commas between them, which no number counts; empty for none
--   {queue:String}       only this queue, {agent:String} only this agent; empty for all
--   {from_ms:Int64}      the first moment, {to_ms:Int64} the one behind the last; Unix milliseconds of the answer
--   {interval_ms:Int64}  the length of an interval, counted from from_ms
-- Columns:
--   interval_ms, queue, agent  the interval's beginning, Unix milliseconds, where and with whom
--   answers                    how many; score_sum, the sum of their scores of 1 to 5; top_two, how many are 4 or 5
--   csat                       top_two / answers, percent; mean, score_sum / answers
SELECT {from_ms:Int64} + intDiv(at_ms - {from_ms:Int64}, {interval_ms:Int64}) * {interval_ms:Int64} AS interval_ms,
       last_queue AS queue, last_agent AS agent,
       count() AS answers,
       sum(last_score) AS score_sum,
       countIf(last_score >= 4) AS top_two,
       round(100 * top_two / answers, 2) AS csat,
       round(score_sum / answers, 2) AS mean
FROM (
    SELECT contact, argMax(queue, (at, offset)) AS last_queue, argMax(agent, (at, offset)) AS last_agent, argMax(score, (at, offset)) AS last_score,
           toUnixTimestamp64Milli(max(at)) AS at_ms
    FROM surveys
    WHERE tenant = {tenant:String}
      AND ({queue:String} = '' OR queue = {queue:String})
      AND NOT (queue != '' AND has(splitByChar(',', {practice:String}), queue))
      AND ({agent:String} = '' OR agent = {agent:String})
      AND at >= fromUnixTimestamp64Milli({from_ms:Int64})
      AND at < fromUnixTimestamp64Milli({to_ms:Int64})
    GROUP BY contact
)
GROUP BY interval_ms, queue, agent
ORDER BY interval_ms, queue, agent
