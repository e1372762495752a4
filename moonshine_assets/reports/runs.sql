-- What does each merged run hold in the mash? Current versions, and how many messages a newer export has replaced.
WITH messages AS (
    SELECT
        provider_run_id,
        count(*) FILTER (superseded_by IS NULL) AS messages,
        count(*) FILTER (superseded_by IS NULL AND NOT on_active_path) AS off_path,
        count(*) FILTER (superseded_by IS NOT NULL) AS superseded,
        min(created_at) FILTER (superseded_by IS NULL) AS first_at,
        max(created_at) FILTER (superseded_by IS NULL) AS last_at,
        count(DISTINCT date_trunc('month', created_at)) FILTER (superseded_by IS NULL) AS months
    FROM store.messages
    GROUP BY provider_run_id
),
conversations AS (
    SELECT
        provider_run_id,
        count(*) AS conversations,
        count(*) FILTER (message_count = 0) AS empty_conversations,
        sum(branch_points)::BIGINT AS branch_points
    FROM store.conversations
    WHERE superseded_by IS NULL
    GROUP BY provider_run_id
)
SELECT
    r.provider,
    r.provider_run_id AS run_id,
    coalesce(c.conversations, 0) AS conversations,
    coalesce(c.empty_conversations, 0) AS empty_conversations,
    coalesce(m.messages, 0) AS messages,
    coalesce(c.branch_points, 0) AS branch_points,
    coalesce(m.off_path, 0) AS off_path,
    coalesce(m.superseded, 0) AS superseded,
    strftime(m.first_at, '%Y-%m') AS first_month,
    strftime(m.last_at, '%Y-%m') AS last_month,
    coalesce(m.months, 0) AS months
FROM store.runs AS r
LEFT JOIN messages AS m USING (provider_run_id)
LEFT JOIN conversations AS c USING (provider_run_id)
ORDER BY r.provider, r.provider_run_id
