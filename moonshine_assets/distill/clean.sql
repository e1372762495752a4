-- What becomes of each message's text? kept: first occurrence of a text; the others are empty or repeats of one.
-- A first occurrence is the earliest by time (unknown times last), then by provider, run, conversation, position.
SELECT
    provider,
    provider_run_id,
    conversation_id,
    message_id,
    record_uid,
    content_sha256,
    content_tokens AS tokens,
    CASE
        WHEN content_sha256 = $empty_sha256 THEN 'empty'
        WHEN row_number() OVER (
            PARTITION BY content_sha256
            ORDER BY created_at NULLS LAST, provider, provider_run_id, conversation_id, position, message_id
        ) = 1 THEN 'kept'
        ELSE 'exact_duplicate'
    END AS outcome
FROM main.messages
WHERE role IN ('user', 'assistant', 'tool')
