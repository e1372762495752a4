-- question: How many messages were written on each day (UTC)?
SELECT
    created_at::DATE AS day,
    count(*) AS messages,
    count(*) FILTER (author_kind = 'human') AS by_people
FROM store.messages
WHERE superseded_by IS NULL AND created_at IS NOT NULL
GROUP BY ALL
ORDER BY ALL
