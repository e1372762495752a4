-- question: What does each merged run hold in the mash now?
WITH messages AS (
    SELECT
        provider_run_id,
        count(*) FILTER (superseded_by IS NULL) AS messages,
        count(*) FILTER (superseded_by IS NOT NULL) AS superseded
    FROM store.messages
    GROUP BY ALL
),

conversations AS (
    SELECT
        provider_run_id,
        count(*) AS conversations,
        sum(branch_points)::BIGINT AS branch_points
    FROM main.conversations
    GROUP BY ALL
)

SELECT
    r.provider,
    r.provider_run_id AS run,
    coalesce(c.conversations, 0) AS conversations,
    coalesce(m.messages, 0) AS messages,
    coalesce(c.branch_points, 0) AS branch_points,
    coalesce(m.superseded, 0) AS superseded
FROM main.runs AS r
LEFT JOIN messages AS m USING (provider_run_id)
LEFT JOIN conversations AS c USING (provider_run_id)
ORDER BY r.provider, r.provider_run_id
