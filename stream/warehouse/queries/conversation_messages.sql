-- conversation_messages: what was said in a conversation, the newest messages first.
-- Parameters:
--   {tenant:String}        the company
--   {conversation:String}  the conversation
--   {before:UInt64}        only messages with a lower sequence; 0 for the newest
--   {count:UInt32}         how many messages at most
-- Columns:
--   sequence   counts the conversation's messages from 1; message, contact, channel, author, agent, client_id as the fact says
--   text       what was said, masked; empty unless text_state is "there"
--   text_state "there", "none" (nothing was sealed), "erased" (the key is gone), "damaged" (it cannot be opened)
--   kind       empty for what was said, else transfer_note or wrap_up_note; internal, a note that the customer never sees
--   files, media_types, sizes  attachments: arrays of one length
--   sent_ms    when its writer sent it, Unix milliseconds
--   state      the furthest that became of it: "", sent, delivered, read, failed, in_doubt
SELECT sequence, message, contact, channel, author, agent, client_id, text, text_state, kind, internal,
       attachments.file AS files, arrayMap(x -> toString(x), attachments.media_type) AS media_types,
       arrayMap(x -> toInt64(x), attachments.size) AS sizes,
       toUnixTimestamp64Milli(sent_at) AS sent_ms, marks.state AS state
FROM messages
LEFT JOIN (
    SELECT message, argMax(state, rank) AS state
    FROM message_marks
    WHERE tenant = {tenant:String} AND conversation = {conversation:String}
    GROUP BY message
) AS marks USING (message)
WHERE tenant = {tenant:String} AND conversation = {conversation:String}
  AND ({before:UInt64} = 0 OR sequence < {before:UInt64})
ORDER BY sequence DESC
LIMIT {count:UInt32}
