-- How many current messages have a text with which mark? Reported only; none of them is dropped for it.
SELECT s.mark, m.role, count(*) AS messages, sum(m.content_tokens)::BIGINT AS tokens
FROM store.messages AS m
JOIN (
    SELECT content_sha256, machine AS mark FROM store.text_signals WHERE machine IS NOT NULL
    UNION ALL
    SELECT content_sha256, unnest(signatures) AS mark FROM store.text_signals
    UNION ALL
    SELECT content_sha256, 'benchmark' AS mark FROM store.text_signals WHERE benchmark_hits > 0
) AS s USING (content_sha256)
WHERE m.superseded_by IS NULL
GROUP BY ALL
ORDER BY ALL
