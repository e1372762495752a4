-- Tokens of the kept texts that are not in the slice, by provider and reason. The reason is that of the message whose
-- text was kept (its first occurrence); where several hold, the first of hidden_or_injected, side_branch, no_exchange,
-- and why its conversation was not selected (beside_benchmark, below_selection).
WITH selected AS (
    SELECT DISTINCT cluster_sha256 AS content_sha256
    FROM store.cleaning
    SEMI JOIN store.distilled_messages USING (record_uid)
),
left_out AS (
    SELECT k.*
    FROM store.cleaning AS k
    ANTI JOIN selected USING (content_sha256)
    WHERE k.outcome = 'kept'
)
SELECT
    k.provider,
    CASE
        WHEN NOT m.visible OR m.author_kind NOT IN ('human', 'model', 'tool') THEN 'hidden_or_injected'
        WHEN NOT m.on_active_path THEN 'side_branch'
        WHEN d.outcome IS NULL THEN 'no_exchange'
        WHEN d.outcome <> 'selected' THEN d.outcome
        ELSE 'unexplained'
    END AS reason,
    sum(k.cleaned_tokens)::BIGINT AS tokens
FROM left_out AS k
JOIN main.messages AS m USING (provider, provider_run_id, conversation_id, message_id)
LEFT JOIN store.selection AS d USING (provider, provider_run_id, conversation_id)
GROUP BY ALL
