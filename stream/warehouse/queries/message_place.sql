-- message_place: where a message of a customer stands in the log.
-- Parameters:
--   {tenant:String}    the company
--   {customer:String}  whose message it must be
--   {message:String}   the message
-- Columns:
--   partition, offset  its place in conversation.facts
SELECT partition, offset
FROM events
WHERE tenant = {tenant:String} AND topic = 'conversation.facts' AND kind = 'message_added'
  AND customer = {customer:String}
  AND conversation IN (SELECT conversation FROM messages WHERE tenant = {tenant:String} AND customer = {customer:String} AND message = {message:String})
  AND JSONExtractString(body, 'message') = {message:String}
LIMIT 1
