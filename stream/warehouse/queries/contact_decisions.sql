-- contact_decisions: each offer of a contact in the order in which routing made them, with the candidates and why each was chosen or not.
-- Parameters:
--   {tenant:String}   the company
--   {contact:String}  the contact
-- Columns:
--   offer, agent, queue  who was offered it, out of which queue
--   state                offered, accepted, rejected, timed_out, rescinded: the last one known
--   reason               why it was rescinded
--   offered_ms, closed_ms  Unix milliseconds; closed_ms is 0 while it is open
--   candidate_agents, candidate_chosen, candidate_reasons, candidate_scores  arrays of one length, an element a candidate; the score is
--                        milliseconds idle
--   policy_version, rule, step, need  what the policy decided, as the offer was made
--   intent, confidence, language, tier, priority  what it decided by; confidence in thousandths
--   virtual_age_ms       the wait that the contact was ordered by; preferred, last_agent or to_agent where it was kept for one
--   passed_over          how many more candidates there were than those listed
SELECT offer,
       argMax(agent, version) AS agent,
       argMax(queue, version) AS queue,
       argMax(state, version) AS state,
       argMax(reason, version) AS reason,
       toUnixTimestamp64Milli(min(offered_at)) AS offered_ms,
       toUnixTimestamp64Milli(max(closed_at)) AS closed_ms,
       arrayMap(x -> toString(x), argMax(candidates.agent, weight)) AS candidate_agents,
       argMax(candidates.chosen, weight) AS candidate_chosen,
       arrayMap(x -> toString(x), argMax(candidates.reason, weight)) AS candidate_reasons,
       argMax(candidates.score, weight) AS candidate_scores,
       argMax(w.policy_version, weight) AS policy_version,
       argMax(w.rule, weight) AS rule,
       argMax(w.step, weight) AS step,
       argMax(w.need, weight) AS need,
       argMax(w.intent, weight) AS intent,
       argMax(w.confidence, weight) AS confidence,
       argMax(w.language, weight) AS language,
       argMax(w.tier, weight) AS tier,
       argMax(w.priority, weight) AS priority,
       argMax(w.virtual_age_ms, weight) AS virtual_age_ms,
       argMax(w.preferred, weight) AS preferred,
       max(passed_over) AS passed_over
FROM (
    -- The candidates stand in the change that made the offer; later ones may leave them out.
    SELECT *, length(candidates.agent) AS weight
    FROM offers
    WHERE tenant = {tenant:String} AND contact = {contact:String}
) AS w
GROUP BY offer
ORDER BY min(offset), offer
