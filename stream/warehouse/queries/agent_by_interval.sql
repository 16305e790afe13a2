-- agent_by_interval: what each agent did in each interval: time by what the agent was doing, offers by when they were made, contacts by
-- when the talk ended.
-- Parameters:
--   {tenant:String}      the company
--   {practice:String}    queues to practise in, commas between them, which no number counts; empty for none
--   {agent:String}       only this agent; empty for all
--   {from_ms:Int64}      the first moment, {to_ms:Int64} the one behind the last, which should not lie ahead; Unix milliseconds
--   {interval_ms:Int64}  the length of an interval, counted from from_ms
-- Columns:
--   interval_ms, agent  the interval's beginning, Unix milliseconds, and the agent
--   idle_ms             available and connected, with neither contact nor offer
--   offered_ms          with an offer and no contact
--   busy_ms             with a contact, also while another is offered and whatever the status; wrapping_ms, with wrap-up alone
--   away_ms             connected and neither available nor offline, with nothing to do; offline_ms, offline or not connected
--   known_ms            the sum of these six
--   occupancy           (busy + wrapping) / (busy + wrapping + idle), percent of wall-clock; null without either
--   offers              offers made; accepted, rejected, timed_out, rescinded, open, what became of them
--   non_response        offers not answered, those included during which the customer left
--   non_response_own    the same without those during which the customer left
--   answer_rate         accepted / offers, percent; null without offers
--   handled             contacts finished, wrap-up included; wrapping, those whose wrap-up still goes on
--   handle_ms           sum of talk and wrap-up of those handled; aht_ms, its mean, null without any; acw_ms, the wrap-up alone
--   first_responses     how many of those handled the agent wrote in; first_response_ms, the mean time to the first message; null without
SELECT interval_ms, agent,
       sumIf(ms, doing = 'idle') AS idle_ms,
       sumIf(ms, doing = 'offered') AS offered_ms,
       sumIf(ms, doing = 'busy') AS busy_ms,
       sumIf(ms, doing = 'wrapping') AS wrapping_ms,
       sumIf(ms, doing = 'away') AS away_ms,
       sumIf(ms, doing = 'offline') AS offline_ms,
       sum(ms) AS known_ms,
       if(busy_ms + wrapping_ms + idle_ms = 0, NULL, round(100 * (busy_ms + wrapping_ms) / (busy_ms + wrapping_ms + idle_ms), 2)) AS occupancy,
       countIf(what = 'offer') AS offers,
       countIf(what = 'offer' AND state = 'accepted') AS accepted,
       countIf(what = 'offer' AND state = 'rejected') AS rejected,
       countIf(what = 'offer' AND state = 'timed_out') AS timed_out,
       countIf(what = 'offer' AND state = 'rescinded') AS rescinded,
       countIf(what = 'offer' AND state = 'offered') AS open,
       rejected + timed_out + rescinded AS non_response,
       non_response - countIf(what = 'offer' AND state = 'rescinded' AND reason IN ('abandoned', 'ended')) AS non_response_own,
       if(offers = 0, NULL, round(100 * accepted / offers, 2)) AS answer_rate,
       countIf(what = 'contact' AND state = 'ended') AS handled,
       countIf(what = 'contact' AND state != 'ended') AS wrapping,
       sumIf(talk_ms + acw, what = 'contact' AND state = 'ended') AS handle_ms,
       if(handled = 0, NULL, intDiv(handle_ms, handled)) AS aht_ms,
       sumIf(acw, what = 'contact' AND state = 'ended') AS acw_ms,
       countIf(what = 'contact' AND state = 'ended' AND first_ms >= 0) AS first_responses,
       if(first_responses = 0, NULL, intDiv(sumIf(first_ms, what = 'contact' AND state = 'ended' AND first_ms >= 0), first_responses)) AS first_response_ms
FROM (
    SELECT 'time' AS what, interval_ms, toString(agent) AS agent, doing, ms,
           '' AS state, '' AS reason, toInt64(0) AS talk_ms, toInt64(0) AS acw, toInt64(-1) AS first_ms
    FROM (
{{agent_time}}
    )
    UNION ALL
    SELECT 'offer', {from_ms:Int64} + intDiv(toUnixTimestamp64Milli(offered_at) - {from_ms:Int64}, {interval_ms:Int64}) * {interval_ms:Int64},
           toString(agent), '', 0, toString(state), toString(reason), 0, 0, -1
    FROM offer_outcomes FINAL
    WHERE tenant = {tenant:String}
      AND ({agent:String} = '' OR agent = {agent:String})
      AND NOT (queue != '' AND has(splitByChar(',', {practice:String}), queue))
      AND offered_at >= fromUnixTimestamp64Milli({from_ms:Int64})
      AND offered_at < fromUnixTimestamp64Milli({to_ms:Int64})
    UNION ALL
    SELECT 'contact', {from_ms:Int64} + intDiv(ended_ms - {from_ms:Int64}, {interval_ms:Int64}) * {interval_ms:Int64},
           toString(agent), '', 0, toString(state), '', talk_ms, acw_ms, first_ms
    FROM (
        SELECT agent, state,
{{handling}}
        FROM contact_ends FINAL
        WHERE tenant = {tenant:String}
          AND ({agent:String} = '' OR agent = {agent:String})
          AND NOT (queue != '' AND has(splitByChar(',', {practice:String}), queue))
          AND ended_at >= fromUnixTimestamp64Milli({from_ms:Int64})
          AND ended_at < fromUnixTimestamp64Milli({to_ms:Int64})
    )
    WHERE assigned_ms > 0
)
GROUP BY interval_ms, agent
ORDER BY interval_ms, agent
