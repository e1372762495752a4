-- The latest rating of each message, by its time, then by its place in the export.
UPDATE store.messages AS m
SET feedback = r.value
FROM (
    SELECT
        conversation_id,
        message_id,
        arg_max(value, (coalesce(created_at, 'epoch'::TIMESTAMP), length(feedback_id), feedback_id)) AS value
    FROM store.feedback
    WHERE joined AND kind = 'rating' AND value IN ('up', 'down')
    GROUP BY conversation_id, message_id
) AS r
WHERE m.conversation_id = r.conversation_id AND m.message_id = r.message_id AND m.feedback IS DISTINCT FROM r.value
