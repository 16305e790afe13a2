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
       max(passed_over) AS passed_over
FROM (
    -- The candidates stand in the change that made the offer; later ones may leave them out.
    SELECT *, length(candidates.agent) AS weight
    FROM offers
    WHERE tenant = {tenant:String} AND contact = {contact:String}
)
GROUP BY offer
ORDER BY min(offset), offer
