-- How much of each run has which newer run superseded?
SELECT
    provider_run_id AS run_id,
    superseded_by,
    count(*) AS messages,
    sum(content_tokens)::BIGINT AS tokens
FROM store.messages
WHERE superseded_by IS NOT NULL AND role <> 'system'
GROUP BY ALL
ORDER BY ALL
