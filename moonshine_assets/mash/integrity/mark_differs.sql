-- Which messages, blocks and attachments are marked as another version than their conversation is?
WITH parts AS (
    SELECT DISTINCT 'messages' AS table_name, provider_run_id, conversation_id, superseded_by FROM store.messages
    UNION ALL
    SELECT DISTINCT 'blocks', provider_run_id, conversation_id, superseded_by FROM store.blocks
    UNION ALL
    SELECT DISTINCT 'attachments', provider_run_id, conversation_id, superseded_by FROM store.attachments
)

SELECT p.table_name, p.provider_run_id, p.conversation_id, p.superseded_by, c.superseded_by AS conversation_superseded_by
FROM parts AS p
INNER JOIN store.conversations AS c USING (provider_run_id, conversation_id)
WHERE p.superseded_by IS DISTINCT FROM c.superseded_by
