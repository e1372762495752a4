-- contract: branch_siblings
-- question: Which messages have siblings, and which of them does the conversation show?
-- column: provider VARCHAR
-- column: provider_run_id VARCHAR
-- column: conversation_id VARCHAR
-- column: parent_id VARCHAR
-- column: siblings BIGINT
-- column: sibling_index INTEGER
-- column: message_id VARCHAR
-- column: on_active_path BOOLEAN
-- column: model VARCHAR
-- invariant: count(*) FILTER (siblings < 2 OR sibling_index NOT BETWEEN 0 AND siblings - 1) = 0
-- invariant: (SELECT count(*) FROM (SELECT siblings FROM result GROUP BY provider_run_id, conversation_id, parent_id, siblings HAVING count(*) <> siblings OR count(DISTINCT sibling_index) <> siblings OR count(*) FILTER (on_active_path) > 1)) = 0
-- invariant: (SELECT count(*) FROM (SELECT DISTINCT provider_run_id, conversation_id, parent_id FROM result)) = (SELECT coalesce(sum(branch_points), 0) FROM main.conversations)
SELECT
    provider,
    provider_run_id,
    conversation_id,
    parent_id,
    siblings,
    sibling_index,
    message_id,
    on_active_path,
    model
FROM main.branches
ORDER BY provider, conversation_id, parent_id, sibling_index, provider_run_id, message_id
