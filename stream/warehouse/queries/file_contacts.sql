-- file_contacts: the contacts of a conversation in which a message has a file attached, each once.
-- Parameters:
--   {tenant:String}        the company
--   {conversation:String}  the conversation
--   {file:String}          the file
-- Columns:
--   contact  the contact that the message belongs to
SELECT DISTINCT contact
FROM messages
WHERE tenant = {tenant:String} AND conversation = {conversation:String} AND has(attachments.file, {file:String})
ORDER BY contact
