-- What becomes of each message's text? Texts that differ by case and white space alone are equal; near duplicates come
-- under one text. Of each such cluster the first occurrence is kept: the earliest by time (unknown times last), then by
-- provider, run, conversation, position. The first occurrence of another text of the cluster is a near duplicate, every
-- further one an exact duplicate.
-- Where that first one holds text of a benchmark the cluster is decontaminated instead, and nothing of it counts.
-- A kept text counts as it stands after redaction. Where placeholders take more tokens than what they replaced it
-- counts as before: a counter never counts what the export did not hold.
WITH texts AS (
    SELECT
        m.provider,
        m.provider_run_id,
        m.conversation_id,
        m.message_id,
        m.record_uid,
        m.content_sha256,
        m.content_tokens AS tokens,
        s.normal_sha256,
        coalesce(n.cluster_sha256, s.normal_sha256) AS cluster,
        m.content_sha256 = $empty_sha256 AS is_empty,
        $decontaminate AND s.benchmark_hits >= $minimum_hits AND s.benchmark_coverage >= $minimum_coverage
            AS of_benchmark,
        row_number() OVER (
            ORDER BY m.created_at NULLS LAST, m.provider, m.provider_run_id, m.conversation_id, m.position, m.message_id
        ) AS rank
    FROM store.messages AS m
    JOIN store.text_signals AS s USING (content_sha256)
    LEFT JOIN store.near_duplicates AS n USING (normal_sha256)
    WHERE m.superseded_by IS NULL AND m.role IN ('user', 'assistant', 'tool')
),
judged AS (
    SELECT
        *,
        first_value(content_sha256) OVER (PARTITION BY cluster, is_empty ORDER BY rank) AS cluster_sha256,
        CASE
            WHEN is_empty THEN 'empty'
            WHEN row_number() OVER (PARTITION BY cluster, is_empty ORDER BY rank) = 1 AND of_benchmark
                THEN 'decontaminated'
            WHEN row_number() OVER (PARTITION BY cluster, is_empty ORDER BY rank) = 1 THEN 'kept'
            WHEN row_number() OVER (PARTITION BY normal_sha256, is_empty ORDER BY rank) = 1 THEN 'near_duplicate'
            ELSE 'exact_duplicate'
        END AS outcome
    FROM texts
)
SELECT
    j.*,
    CASE WHEN j.outcome = 'kept' THEN least(j.tokens, coalesce(r.tokens, j.tokens)) ELSE 0 END AS cleaned_tokens
FROM judged AS j
LEFT JOIN store.redacted_texts AS r USING (content_sha256)
