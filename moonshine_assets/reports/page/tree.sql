-- The messages of one conversation with their places in its tree; no text.
SELECT
    message_id,
    parent_id,
    sibling_index,
    depth,
    on_active_path,
    visible,
    role,
    author_kind,
    model,
    content_tokens AS tokens
FROM store.messages
WHERE superseded_by IS NULL AND provider_run_id = $run_id AND conversation_id = $conversation_id
ORDER BY depth, position
