-- contract: feedback_with_message
-- question: Which answer does each rating, preference or comparison mean, and what was its model?
-- column: provider VARCHAR
-- column: provider_run_id VARCHAR
-- column: feedback_id VARCHAR
-- column: kind VARCHAR
-- column: value VARCHAR
-- column: joined BOOLEAN
-- column: conversation_id VARCHAR
-- column: message_id VARCHAR
-- column: role VARCHAR
-- column: model VARCHAR
-- column: given_at TIMESTAMP
-- invariant: count(*) = (SELECT count(*) FROM main.feedback)
-- invariant: count(*) = (SELECT count(*) FROM (SELECT DISTINCT provider_run_id, feedback_id FROM result))
-- invariant: count(*) FILTER (joined <> (role IS NOT NULL)) = 0
SELECT
    f.provider,
    f.provider_run_id,
    f.feedback_id,
    f.kind,
    f.value,
    f.joined,
    f.conversation_id,
    f.message_id,
    m.role,
    m.model,
    f.created_at AS given_at
FROM main.feedback AS f
LEFT JOIN store.messages AS m
    ON
        f.joined
        AND f.provider_run_id = m.provider_run_id
        AND f.conversation_id = m.conversation_id
        AND f.message_id = m.message_id
ORDER BY ALL
