-- The wanted conversations, one row a part of a message (a message without parts has one row), in order of rank.
-- Texts and arguments are those without secrets and personal data (redacted_texts).
-- Texts come in by one scan and one sort: reading batch by batch would scan all texts for each batch.
SELECT
    w.rank,
    m.message_id, m.parent_id, m.record_uid, m.on_active_path, m.role, m.author_kind, m.author_name, m.visible,
    m.model, m.created_at, m.status, m.stop_reason, coalesce(a.files, 0) AS files,
    coalesce(m.feedback, k.rating) AS rating,
    coalesce(f.choices, []) AS choices,
    s.lang, s.machine,
    b.kind, coalesce(r.text, t.text) AS text, coalesce(r.tokens, t.tokens, 0) AS tokens, b.tool_name, b.tool_call_id,
    coalesce(ra.text, b.arguments) AS arguments, b.is_error,
    b.payload IS NOT NULL AS has_payload,
    b.kind = 'tool_result' AND coalesce(json_exists(b.payload, '$.content'), false) AS shows_more,
    b.kind = 'text' AND coalesce(json_exists(b.payload, '$.channel'), false) AS on_the_way
FROM wanted_conversations AS w
JOIN store.messages AS m
    ON m.provider = w.provider
    AND m.provider_run_id = w.provider_run_id
    AND m.conversation_id = w.conversation_id
    AND m.superseded_by IS NULL
LEFT JOIN store.blocks AS b
    ON b.provider = m.provider
    AND b.provider_run_id = m.provider_run_id
    AND b.conversation_id = m.conversation_id
    AND b.message_id = m.message_id
    AND b.superseded_by IS NULL
LEFT JOIN store.text_signals AS s ON s.content_sha256 = m.content_sha256
LEFT JOIN store.texts AS t ON t.content_sha256 = b.content_sha256
LEFT JOIN store.redacted_texts AS r ON r.content_sha256 = b.content_sha256
LEFT JOIN store.redacted_texts AS ra ON ra.content_sha256 = sha256(b.arguments)
LEFT JOIN main.kept_ratings AS k
    ON k.provider = m.provider
    AND k.conversation_id = m.conversation_id
    AND k.message_id = m.message_id
LEFT JOIN (
    SELECT provider, provider_run_id, conversation_id, message_id, count(*) AS files
    FROM main.attachments
    GROUP BY ALL
) AS a
    ON a.provider = m.provider
    AND a.provider_run_id = m.provider_run_id
    AND a.conversation_id = m.conversation_id
    AND a.message_id = m.message_id
LEFT JOIN (
    -- A statement of an older export that still holds is about the newest version of the answer too.
    SELECT
        provider,
        conversation_id,
        message_id,
        list([value, other_message_id] ORDER BY feedback_id) AS choices
    FROM main.feedback
    WHERE joined AND kind IN ('preference', 'comparison')
    GROUP BY ALL
) AS f
    ON f.provider = m.provider
    AND f.conversation_id = m.conversation_id
    AND f.message_id = m.message_id
ORDER BY w.rank, m.position, m.message_id, b.ordinal
