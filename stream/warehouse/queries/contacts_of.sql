-- contacts_of: the enqueueings behind a number of queue_by_interval and flow_outs_by_interval, the latest first: with the bounds of an
-- interval it gives as many rows as the number says.
-- Parameters:
--   {tenant:String}      the company
--   {practice:String}    queues to practise in, commas between them, which no number counts; empty for none
--   {queue:String}       only this queue; empty for all
--   {from_ms:Int64}      the first moment, {to_ms:Int64} the one behind the last; Unix milliseconds of the enqueueing
--   {outcome:String}     answered, abandoned, flowed_out or waiting; empty for all
--   {reason:String}      only with this reason; empty for all
--   {min_wait_ms:Int64}  only with a wait of so much at least, {max_wait_ms:Int64} at most; who still waits has none and counts as 0
--   {skip:UInt32}        how many to pass over, {count:UInt32} how many to give at most
-- Columns:
--   contact, conversation, queue, channel, agent  which, where, and who took it
--   cohort       which of the contact's enqueueings
--   outcome      as above; reason and next_queue, of a flow-out, and of a wait why nobody takes it
--   since_ms     when the customer began to wait, in whichever queue, Unix milliseconds
--   enqueued_ms  when it was enqueued; left_ms, when it left, 0 while it waits; Unix milliseconds
--   wait_ms      how long it waited
SELECT contact, conversation, queue, channel, agent, cohort, outcome, reason, next_queue, since_ms, enqueued_ms, left_ms, wait_ms
FROM (
{{cohorts {from_ms:Int64} | {to_ms:Int64} | {queue:String}}}
)
WHERE ({outcome:String} = '' OR outcome = {outcome:String})
  AND ({reason:String} = '' OR reason = {reason:String})
  AND wait_ms BETWEEN {min_wait_ms:Int64} AND {max_wait_ms:Int64}
ORDER BY enqueued_ms DESC, contact, cohort
LIMIT {skip:UInt32}, {count:UInt32}
