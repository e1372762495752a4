-- What does the mash hold of the distinct texts of each run? One row a run and the run that its texts are kept with
-- (NULL: with none); rows of superseded versions count in what is recounted, and nowhere else.
WITH uses AS (
    SELECT
        provider_run_id,
        content_sha256,
        count(*) AS messages,
        count(*) FILTER (superseded_by IS NULL) AS current_messages
    FROM store.messages
    WHERE role <> 'system'
    GROUP BY ALL
),
kept AS (
    SELECT content_sha256, provider_run_id AS kept_with, cleaned_tokens
    FROM store.cleaning
    WHERE outcome = 'kept'
),
selected AS (
    SELECT DISTINCT cluster_sha256 AS content_sha256, TRUE AS in_slice
    FROM store.cleaning
    SEMI JOIN store.distilled_messages USING (record_uid)
)
SELECT
    u.provider_run_id AS run_id,
    k.kept_with,
    sum(t.tokens * u.messages)::BIGINT AS recounted,
    sum(t.tokens * u.current_messages)::BIGINT AS current,
    sum(t.tokens)::BIGINT AS texts,
    coalesce(sum(t.tokens) FILTER (u.current_messages = 0), 0)::BIGINT AS superseded_texts,
    count(*) FILTER (u.current_messages = 0) AS superseded_count,
    count(*) FILTER (u.current_messages > 0) AS current_count,
    coalesce(sum(t.tokens) FILTER (u.current_messages > 0), 0)::BIGINT AS current_texts,
    coalesce(sum(k.cleaned_tokens) FILTER (k.kept_with = u.provider_run_id), 0)::BIGINT AS cleaned_tokens,
    count(*) FILTER (k.kept_with = u.provider_run_id AND k.cleaned_tokens < t.tokens) AS shortened_count,
    coalesce(sum(k.cleaned_tokens) FILTER (s.in_slice AND k.kept_with = u.provider_run_id), 0)::BIGINT AS selected
FROM uses AS u
INNER JOIN store.texts AS t USING (content_sha256)
LEFT JOIN kept AS k USING (content_sha256)
LEFT JOIN selected AS s USING (content_sha256)
GROUP BY ALL
ORDER BY ALL
