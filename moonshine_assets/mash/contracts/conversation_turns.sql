-- contract: conversation_turns
-- question: How long and how branched is each conversation?
-- column: provider VARCHAR
-- column: provider_run_id VARCHAR
-- column: conversation_id VARCHAR
-- column: human_turns BIGINT
-- column: model_turns BIGINT
-- column: branch_points BIGINT
-- column: active_depth BIGINT
-- invariant: count(*) = (SELECT count(*) FROM main.conversations)
-- invariant: count(*) = (SELECT count(*) FROM (SELECT DISTINCT provider, conversation_id FROM result))
-- invariant: count(*) FILTER (human_turns + model_turns > active_depth) = 0
-- invariant: (SELECT count(*) FROM result ANTI JOIN main.conversations USING (provider, conversation_id, branch_points)) = 0
-- invariant: (SELECT count(*) FROM result INNER JOIN main.conversations AS c USING (provider, conversation_id) WHERE active_depth > c.max_depth OR (active_depth = 0 AND c.message_count > 0)) = 0
WITH counted AS (
    SELECT
        provider_run_id,
        conversation_id,
        count(*) FILTER (on_active_path AND author_kind = 'human') AS human_turns,
        count(*) FILTER (on_active_path AND author_kind = 'model') AS model_turns,
        -- Where several messages answer one, exactly one of them is the second.
        count(*) FILTER (sibling_index = 1) AS branch_points,
        count(*) FILTER (on_active_path) AS active_depth
    FROM main.messages
    GROUP BY ALL
)

SELECT
    c.provider,
    c.provider_run_id,
    c.conversation_id,
    coalesce(m.human_turns, 0) AS human_turns,
    coalesce(m.model_turns, 0) AS model_turns,
    coalesce(m.branch_points, 0) AS branch_points,
    coalesce(m.active_depth, 0) AS active_depth
FROM main.conversations AS c
LEFT JOIN counted AS m USING (provider_run_id, conversation_id)
ORDER BY ALL
