-- The conversations of the slice with what was selected of them; store.distilled_messages is already up to date.
SELECT
    c.provider,
    c.provider_run_id,
    c.conversation_id,
    c.record_uid,
    c.source_sha256,
    $policy_version AS policy_version,
    $run_id AS run_id,
    c.source_type,
    coalesce(m.active_messages, 0)::INTEGER AS active_messages,
    coalesce(m.branch_messages, 0)::INTEGER AS branch_messages,
    c.human_turns::INTEGER AS human_turns,
    c.model_turns::INTEGER AS model_turns,
    coalesce(m.tokens, 0)::BIGINT AS tokens,
    s.* EXCLUDE (provider, provider_run_id, conversation_id),
    c.eligible_conversational,
    c.eligible_dpo,
    c.eligible_kto,
    c.eligible_grpo,
    c.eligible_agentic_code,
    c.reasons
FROM slice_conversations AS c
JOIN store.conversation_scores AS s USING (provider, provider_run_id, conversation_id)
LEFT JOIN (
    SELECT
        provider,
        provider_run_id,
        conversation_id,
        count(*) FILTER (selected_because = 'active_path') AS active_messages,
        count(*) FILTER (selected_because = 'preference_branch') AS branch_messages,
        sum(tokens) AS tokens
    FROM store.distilled_messages
    GROUP BY ALL
) AS m USING (provider, provider_run_id, conversation_id)
