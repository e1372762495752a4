-- The parts of the messages of the wanted conversations, in order, with text and tokens.
SELECT
    b.provider, b.provider_run_id, b.conversation_id, b.message_id,
    b.kind, b.text, coalesce(t.tokens, 0) AS tokens, b.tool_name, b.tool_call_id, b.arguments, b.is_error,
    b.payload IS NOT NULL AS has_payload,
    b.kind = 'tool_result' AND coalesce(json_exists(b.payload, '$.content'), false) AS shows_more,
    b.kind = 'text' AND coalesce(json_exists(b.payload, '$.channel'), false) AS on_the_way
FROM main.blocks AS b
SEMI JOIN wanted_conversations USING (provider, provider_run_id, conversation_id)
LEFT JOIN store.texts AS t USING (content_sha256)
ORDER BY b.provider, b.provider_run_id, b.conversation_id, b.message_id, b.ordinal
