-- Which distinct texts has only one of two exports of an account? $newer and $older as in between_exports.sql.
WITH pairs AS (
    SELECT unnest($newer::VARCHAR[]) AS newer, unnest($older::VARCHAR[]) AS older
),
uses AS (
    SELECT DISTINCT provider_run_id AS run_id, content_sha256
    FROM store.messages
    WHERE role <> 'system' AND (
        provider_run_id IN (SELECT newer FROM pairs) OR provider_run_id IN (SELECT older FROM pairs)
    )
),
one_sided AS (
    SELECT newer, older, content_sha256, n.run_id IS NOT NULL AS in_newer
    FROM (SELECT p.*, u.* FROM pairs AS p INNER JOIN uses AS u ON u.run_id = p.newer) AS n
    FULL JOIN (SELECT p.*, u.* FROM pairs AS p INNER JOIN uses AS u ON u.run_id = p.older) AS o
        USING (newer, older, content_sha256)
    WHERE n.run_id IS NULL OR o.run_id IS NULL
)
SELECT o.newer, o.older, o.in_newer, count(*) AS texts, sum(t.tokens)::BIGINT AS tokens
FROM one_sided AS o
INNER JOIN store.texts AS t USING (content_sha256)
GROUP BY ALL
ORDER BY ALL
