-- question: From the exports' JSON to the slice, by provider: which counters, and what is taken off before each?
-- page_left_out: what moonshine_assets/distill/explain.sql answers, by provider and reason.
WITH said AS (
    SELECT
        provider,
        coalesce(sum(content_tokens) FILTER (superseded_by IS NOT NULL), 0) AS superseded,
        coalesce(sum(content_tokens) FILTER (superseded_by IS NULL AND role = 'system'), 0) AS system_text,
        coalesce(sum(content_tokens) FILTER (superseded_by IS NULL AND role <> 'system'), 0) AS content
    FROM store.messages
    GROUP BY provider
),

cleaned AS (
    SELECT
        provider,
        outcome,
        sum(tokens) AS tokens,
        sum(cleaned_tokens) AS cleaned_tokens
    FROM store.cleaning
    GROUP BY ALL
),

runs AS (
    SELECT
        provider,
        sum(raw_json_tokens) AS raw
    FROM store.runs
    GROUP BY provider
),

counters AS (
    SELECT
        r.provider,
        r.raw,
        coalesce(s.content, 0) AS content,
        coalesce(s.superseded, 0) AS superseded,
        coalesce(s.system_text, 0) AS system_text,
        coalesce((SELECT sum(c.cleaned_tokens) FROM cleaned AS c WHERE c.provider = r.provider), 0) AS cleaned,
        coalesce((SELECT sum(o.tokens) FROM page_left_out AS o WHERE o.provider = r.provider), 0) AS left_out
    FROM runs AS r
    LEFT JOIN said AS s USING (provider)
),

steps AS (
    SELECT provider, 0 AS place, 'raw_json_tokens' AS to_counter, NULL AS reason, raw AS tokens FROM counters
    UNION ALL
    SELECT provider, 1, 'content_tokens_non_system', 'system_text', system_text FROM counters
    UNION ALL
    SELECT provider, 2, 'content_tokens_non_system', 'superseded_by_newer_export', superseded FROM counters
    UNION ALL
    SELECT
        provider, 3, 'content_tokens_non_system', 'json_structure_and_escaping',
        raw - content - superseded - system_text
    FROM counters
    UNION ALL
    SELECT provider, 4, 'content_tokens_non_system', NULL, content FROM counters
    UNION ALL
    SELECT provider, 5, 'content_tokens_cleaned', outcome, tokens FROM cleaned WHERE outcome <> 'kept'
    UNION ALL
    SELECT provider, 6, 'content_tokens_cleaned', 'redaction', tokens - cleaned_tokens FROM cleaned WHERE outcome = 'kept'
    UNION ALL
    SELECT provider, 7, 'content_tokens_cleaned', NULL, cleaned FROM counters
    UNION ALL
    SELECT provider, 8, 'distilled_tokens_selected', reason, tokens FROM page_left_out
    UNION ALL
    SELECT provider, 9, 'distilled_tokens_selected', NULL, cleaned - left_out FROM counters
)

SELECT
    provider,
    to_counter,
    reason,
    tokens::BIGINT AS tokens
FROM steps
WHERE reason IS NULL OR tokens <> 0
ORDER BY provider, place, reason
