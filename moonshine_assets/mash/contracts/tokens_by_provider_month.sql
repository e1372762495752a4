-- contract: tokens_by_provider_month
-- question: How many content tokens did each provider's conversations gain in each month (NULL: time unknown)?
-- column: provider VARCHAR
-- column: month DATE
-- column: messages BIGINT
-- column: tokens BIGINT
-- invariant: count(*) FILTER (provider IS NULL OR tokens < 0 OR messages < 1) = 0
-- invariant: count(*) = (SELECT count(*) FROM (SELECT DISTINCT provider, month FROM result))
-- invariant: coalesce(sum(tokens), 0) = (SELECT coalesce(sum(t.tokens), 0) FROM store.messages AS m INNER JOIN store.texts AS t USING (content_sha256) WHERE m.superseded_by IS NULL AND m.role <> 'system')
-- invariant: coalesce(sum(tokens), 0) <= (SELECT coalesce(sum(content_tokens_non_system), 0) FROM main.runs)
SELECT
    provider,
    date_trunc('month', created_at)::DATE AS month,
    count(*) AS messages,
    sum(content_tokens)::BIGINT AS tokens
FROM main.messages
WHERE role <> 'system'
GROUP BY ALL
ORDER BY ALL
