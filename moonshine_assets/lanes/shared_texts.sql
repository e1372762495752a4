-- Which conversations belong together? Each row ties one to the first of its group: by the conversation it was resumed
-- or forked from, by the words it begins with, by a longer text of a person or model that both hold or nearly hold (texts
-- of one cluster of near duplicates).
WITH spoken AS (
    SELECT
        m.provider, m.provider_run_id, m.conversation_id, m.position, m.role, m.content_tokens,
        coalesce(k.cluster_sha256, m.content_sha256) AS content_sha256
    FROM store.messages AS m
    LEFT JOIN store.cleaning AS k USING (provider, provider_run_id, conversation_id, message_id)
    WHERE m.superseded_by IS NULL
        AND m.content_tokens > 0
        AND ((m.role = 'user' AND m.author_kind = 'human') OR (m.role = 'assistant' AND m.author_kind = 'model'))
),
beginnings AS (
    SELECT
        provider, provider_run_id, conversation_id,
        arg_min(content_sha256, position) AS content_sha256
    FROM spoken
    WHERE role = 'user'
    GROUP BY ALL
),
ties AS (
    SELECT provider, provider_run_id, conversation_id, content_sha256 AS tie FROM beginnings
    UNION ALL
    SELECT provider, provider_run_id, conversation_id, content_sha256 AS tie
    FROM spoken
    WHERE content_tokens >= $minimum_tokens
    UNION ALL
    SELECT provider, provider_run_id, conversation_id, concat_ws(' ', provider, conversation_id) AS tie
    FROM main.conversations
    UNION ALL
    SELECT provider, provider_run_id, conversation_id, concat_ws(' ', provider, parent_conversation_id) AS tie
    FROM main.conversations
    WHERE parent_conversation_id IS NOT NULL
),
firsts AS (
    SELECT
        tie,
        min({'provider': provider, 'provider_run_id': provider_run_id, 'conversation_id': conversation_id}) AS head
    FROM ties
    GROUP BY tie
)
SELECT DISTINCT
    t.provider, t.provider_run_id, t.conversation_id,
    f.head.provider, f.head.provider_run_id, f.head.conversation_id
FROM ties AS t
JOIN firsts AS f USING (tie)
WHERE (t.provider, t.provider_run_id, t.conversation_id)
    != (f.head.provider, f.head.provider_run_id, f.head.conversation_id)
