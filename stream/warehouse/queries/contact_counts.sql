-- contact_counts: how many things a tenant has, and how many of them are there more than once. Anything but 0 in a column of doubles is a fault.
-- Parameters:
--   {tenant:String}  the company
-- Columns:
--   contacts          contacts known; contact_changes, facts that changed one
--   conversations     conversations with a contact
--   messages          messages, each counted once; message_doubles, rows beyond the first of a message
--   customer_messages, agent_messages  messages by their author, each counted once
--   offers            offers made; queue_entries, contacts that were ever in a queue
--   event_doubles     rows beyond the first of a fact that a fold wrote
SELECT (SELECT uniqExact(contact) FROM contacts WHERE tenant = {tenant:String}) AS contacts,
       (SELECT count() FROM events WHERE tenant = {tenant:String} AND kind = 'contact_changed') AS contact_changes,
       (SELECT uniqExact(conversation) FROM contacts WHERE tenant = {tenant:String}) AS conversations,
       (SELECT uniqExact(message) FROM messages WHERE tenant = {tenant:String}) AS messages,
       (SELECT count() - uniqExact(message) FROM messages WHERE tenant = {tenant:String}) AS message_doubles,
       (SELECT uniqExactIf(message, author = 'customer') FROM messages WHERE tenant = {tenant:String}) AS customer_messages,
       (SELECT uniqExactIf(message, author = 'agent') FROM messages WHERE tenant = {tenant:String}) AS agent_messages,
       (SELECT uniqExact(offer) FROM offers WHERE tenant = {tenant:String}) AS offers,
       (SELECT uniqExact(contact) FROM queue_entries WHERE tenant = {tenant:String}) AS queue_entries,
       (SELECT count() - uniqExact(id) FROM events WHERE tenant = {tenant:String} AND topic != 'audit') AS event_doubles
