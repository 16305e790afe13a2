-- contacts_handled: the contacts whose talk with an agent ended in each interval, by queue and agent.
-- Parameters:
--   {tenant:String}      the company
--   {practice:String}    queues to practise in, commas between them, which no number counts; empty for none
--   {queue:String}       only this queue, {agent:String} only this agent; empty for all
--   {from_ms:Int64}      the first moment, {to_ms:Int64} the one behind the last; Unix milliseconds of the talk's end
--   {interval_ms:Int64}  the length of an interval, counted from from_ms
-- Columns:
--   interval_ms, queue, agent  the interval's beginning, Unix milliseconds, where and with whom
--   handled            contacts finished, wrap-up included: the sums below are theirs; wrapping, those whose wrap-up still goes on
--   talk_ms            sum of the times from assignment to the talk's end; acw_ms, of the wrap-ups (after-contact work)
--   aht_ms             (talk_ms + acw_ms) / handled; null without any
--   first_responses    in how many the agent wrote; first_response_ms, the sum of the times from assignment to the first message
--   transferred_in     how many came by transfer; transferred_out, how many ended by one; transfer_rate, transferred_out / handled, percent
--   lost               how many ended because the agent was gone
--   turns              sum of the changes between customer and agent writing; response_ms, of the agent's times to answer
--   max_response_ms    the longest time to answer
--   customer_messages, agent_messages  how much was written
SELECT {from_ms:Int64} + intDiv(ended_ms - {from_ms:Int64}, {interval_ms:Int64}) * {interval_ms:Int64} AS interval_ms,
       queue, agent,
       countIf(state = 'ended') AS handled,
       countIf(state != 'ended') AS wrapping,
       sumIf(talk, state = 'ended') AS talk_ms,
       sumIf(acw, state = 'ended') AS acw_ms,
       if(handled = 0, NULL, intDiv(talk_ms + acw_ms, handled)) AS aht_ms,
       countIf(state = 'ended' AND first_ms >= 0) AS first_responses,
       sumIf(first_ms, state = 'ended' AND first_ms >= 0) AS first_response_ms,
       countIf(state = 'ended' AND initiation = 'transfer') AS transferred_in,
       countIf(state = 'ended' AND end_reason = 'transfer') AS transferred_out,
       if(handled = 0, NULL, round(100 * transferred_out / handled, 2)) AS transfer_rate,
       countIf(state = 'ended' AND end_reason = 'agent_lost') AS lost,
       sumIf(t, state = 'ended') AS turns,
       sumIf(answers_ms, state = 'ended') AS response_ms,
       maxIf(longest_ms, state = 'ended') AS max_response_ms,
       sumIf(cm, state = 'ended') AS customer_messages,
       sumIf(am, state = 'ended') AS agent_messages
FROM (
    SELECT queue, agent, state, initiation, end_reason, turns AS t, response_ms AS answers_ms, max_response_ms AS longest_ms,
           customer_messages AS cm, agent_messages AS am, talk_ms AS talk, acw_ms AS acw,
{{handling}}
    FROM contact_ends FINAL
    WHERE tenant = {tenant:String}
      AND ({queue:String} = '' OR queue = {queue:String})
      AND NOT (queue != '' AND has(splitByChar(',', {practice:String}), queue))
      AND ({agent:String} = '' OR agent = {agent:String})
      AND ended_at >= fromUnixTimestamp64Milli({from_ms:Int64})
      AND ended_at < fromUnixTimestamp64Milli({to_ms:Int64})
)
WHERE assigned_ms > 0
GROUP BY interval_ms, queue, agent
ORDER BY interval_ms, queue, agent
