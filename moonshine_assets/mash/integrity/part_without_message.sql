-- Which blocks and attachments belong to no message of their run? A part carries the record_uid of its message.
WITH parts AS (
    SELECT 'blocks' AS table_name, provider_run_id, conversation_id, message_id, record_uid FROM store.blocks
    UNION ALL
    SELECT 'attachments', provider_run_id, conversation_id, message_id, record_uid FROM store.attachments
)

SELECT p.table_name, p.provider_run_id, p.conversation_id, p.message_id
FROM parts AS p
ANTI JOIN store.messages AS m USING (record_uid, provider_run_id)
