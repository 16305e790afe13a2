-- customer_messages: what a customer said and was told on all channels, the newest first, a page at a time, with the contact of each.
-- Parameters:
--   {tenant:String}    the company
--   {customer:String}  the customer
--   {before_ms:Int64}, {before_conversation:String}, {before_sequence:UInt64}  the last message of the page before; 0, empty and 0 for the first
--   {count:UInt32}     how many messages at most
-- Columns:
--   sequence to sent_ms, state  as conversation_messages says
--   entry_point, queue, contact_agent, started_ms, ended_ms, end_reason, wrap_up_code, intent, survey  the message's contact
SELECT m.conversation AS conversation, m.sequence AS sequence, m.message AS message, m.contact AS contact, m.channel AS channel,
       m.author AS author, m.agent AS agent, m.client_id AS client_id, m.text AS text, m.text_state AS text_state,
       m.kind AS kind, m.internal AS internal, m.files AS files, m.media_types AS media_types, m.sizes AS sizes, m.sent_ms AS sent_ms,
       marks.state AS state,
       c.entry_point AS entry_point, c.queue AS queue, c.agent AS contact_agent, toUnixTimestamp64Milli(c.started_at) AS started_ms,
       toUnixTimestamp64Milli(c.ended_at) AS ended_ms, c.end_reason AS end_reason, c.wrap_up_code AS wrap_up_code,
       c.intent AS intent, c.survey AS survey
FROM (
    SELECT conversation, sequence, message, contact, channel, author, agent, client_id, text, text_state, kind, internal,
           attachments.file AS files, arrayMap(x -> toString(x), attachments.media_type) AS media_types,
           arrayMap(x -> toInt64(x), attachments.size) AS sizes, toUnixTimestamp64Milli(sent_at) AS sent_ms
    FROM messages
    WHERE tenant = {tenant:String} AND customer = {customer:String}
      AND ({before_ms:Int64} = 0 OR (sent_ms, conversation, sequence) < ({before_ms:Int64}, {before_conversation:String}, {before_sequence:UInt64}))
    ORDER BY sent_ms DESC, conversation DESC, sequence DESC
    LIMIT {count:UInt32}
) AS m
LEFT JOIN (
    SELECT message, argMax(message_marks.state, rank) AS state
    FROM message_marks
    WHERE tenant = {tenant:String}
      AND conversation IN (SELECT conversation FROM contacts WHERE tenant = {tenant:String} AND customer = {customer:String})
    GROUP BY message
) AS marks ON marks.message = m.message
LEFT JOIN (
    SELECT * FROM contacts FINAL WHERE tenant = {tenant:String} AND customer = {customer:String}
) AS c ON c.contact = m.contact
ORDER BY sent_ms DESC, conversation DESC, sequence DESC
