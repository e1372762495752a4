-- Which messages are in the slice? Of its conversations the visible messages of the active path that a person, the
-- model or a tool wrote, and every message a lane row carries (answers left behind, hidden tool calls and results).
SELECT
    m.provider,
    m.provider_run_id,
    m.conversation_id,
    m.message_id,
    m.record_uid,
    m.content_sha256,
    m.content_tokens AS tokens,
    CASE WHEN m.on_active_path THEN 'active_path' ELSE 'preference_branch' END AS selected_because
FROM main.messages AS m
SEMI JOIN slice_conversations AS c USING (provider, provider_run_id, conversation_id)
LEFT JOIN (SELECT DISTINCT * FROM slice_carried) AS r USING (provider, provider_run_id, conversation_id, message_id)
WHERE m.role IN ('user', 'assistant', 'tool')
    AND (
        r.message_id IS NOT NULL
        OR (m.on_active_path AND m.visible AND m.author_kind IN ('human', 'model', 'tool'))
    )
