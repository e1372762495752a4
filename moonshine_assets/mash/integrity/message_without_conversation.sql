-- Which messages belong to no conversation of their run?
SELECT m.provider_run_id, m.conversation_id, m.message_id
FROM store.messages AS m
ANTI JOIN store.conversations AS c USING (provider, provider_run_id, conversation_id)
