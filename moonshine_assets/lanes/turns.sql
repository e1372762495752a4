-- The messages of the wanted conversations, in order, without their texts.
SELECT
    m.provider, m.provider_run_id, m.conversation_id,
    m.message_id, m.parent_id, m.record_uid, m.on_active_path, m.role, m.author_kind, m.author_name, m.visible,
    m.model, m.created_at, m.status, m.stop_reason, coalesce(a.files, 0) AS files
FROM (SELECT * EXCLUDE (text) FROM main.messages) AS m
SEMI JOIN wanted_conversations USING (provider, provider_run_id, conversation_id)
LEFT JOIN (
    SELECT provider, provider_run_id, conversation_id, message_id, count(*) AS files
    FROM main.attachments
    GROUP BY ALL
) AS a USING (provider, provider_run_id, conversation_id, message_id)
ORDER BY m.provider, m.provider_run_id, m.conversation_id, m.position, m.message_id
