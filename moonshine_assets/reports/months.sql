-- How many current messages did each provider's conversations get in each month? No month: messages without a time.
SELECT strftime(created_at, '%Y-%m') AS month, provider, count(*) AS messages
FROM store.messages
WHERE superseded_by IS NULL
GROUP BY ALL
ORDER BY ALL
