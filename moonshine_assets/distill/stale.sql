-- How many rows of the derived tables do not match the mash? cleaning must hold exactly the current messages, the
-- slice may hold no others.
WITH current_messages AS (
    SELECT record_uid, content_sha256, content_tokens AS tokens
    FROM main.messages
    WHERE role IN ('user', 'assistant', 'tool')
),
cleaned AS (SELECT record_uid, content_sha256, tokens FROM store.cleaning),
sliced AS (SELECT record_uid, content_sha256, tokens FROM store.distilled_messages)
SELECT 'cleaning' AS table_name, count(*) AS amiss
FROM ((FROM current_messages EXCEPT ALL FROM cleaned) UNION ALL (FROM cleaned EXCEPT ALL FROM current_messages))
UNION ALL
SELECT 'distilled_messages', count(*) FROM (FROM sliced EXCEPT ALL FROM current_messages)
ORDER BY table_name
