-- Replies: what a person wrote themselves right after an answer, both shown and with words; keys and no texts.
CREATE OR REPLACE TEMP TABLE page_replies AS
WITH said AS (
    SELECT
        m.provider,
        m.record_uid,
        m.author_kind,
        m.content_sha256,
        lag(m.author_kind) OVER conversation AS author_before,
        lag(m.content_sha256) OVER conversation AS answer_sha256,
        lag(m.model) OVER conversation AS model,
        lag(m.created_at) OVER conversation AS answered_at
    FROM store.messages AS m
    WHERE
        m.superseded_by IS NULL AND m.on_active_path AND m.visible
        AND m.author_kind IN ('human', 'model') AND m.content_tokens > 0
    WINDOW conversation AS (PARTITION BY m.provider_run_id, m.conversation_id ORDER BY m.depth, m.position)
)

SELECT s.* EXCLUDE (author_kind, author_before)
FROM said AS s
LEFT JOIN store.text_signals AS g USING (content_sha256)
WHERE s.author_kind = 'human' AND s.author_before = 'model' AND g.machine IS NULL
