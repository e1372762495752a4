-- question: What did people say of answers by a click?
SELECT
    provider,
    kind,
    value,
    count(*) AS times,
    count(*) FILTER (joined) AS with_message
FROM main.feedback
GROUP BY ALL
ORDER BY ALL
