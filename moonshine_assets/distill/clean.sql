-- What becomes of each message's text? kept: first occurrence of a text; the others are empty or repeats of one.
-- A first occurrence is the earliest by time (unknown times last), then by provider, run, conversation, position.
-- A kept text counts as it stands after redaction. Where placeholders take more tokens than what they replaced it
-- counts as before: a counter never counts what the export did not hold.
WITH judged AS (
    SELECT
        provider,
        provider_run_id,
        conversation_id,
        message_id,
        record_uid,
        content_sha256,
        content_sha256 AS cluster_sha256,
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
)
SELECT
    j.*,
    CASE WHEN j.outcome = 'kept' THEN least(j.tokens, coalesce(r.tokens, j.tokens)) ELSE 0 END AS cleaned_tokens
FROM judged AS j
LEFT JOIN store.redacted_texts AS r USING (content_sha256)
