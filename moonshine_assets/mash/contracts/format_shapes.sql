-- contract: format_shapes
-- question: How many conversations and messages of each generation of its format did each run bring, over time?
-- column: provider VARCHAR
-- column: provider_run_id VARCHAR
-- column: ingested_at TIMESTAMP
-- column: shape VARCHAR
-- column: conversations BIGINT
-- column: messages BIGINT
-- column: current_conversations BIGINT
-- invariant: coalesce(sum(conversations), 0) = (SELECT count(*) FROM store.conversations)
-- invariant: coalesce(sum(current_conversations), 0) = (SELECT count(*) FROM main.conversations)
-- invariant: count(*) = (SELECT count(*) FROM (SELECT DISTINCT provider_run_id, shape FROM result))
SELECT
    provider,
    provider_run_id,
    ingested_at,
    shape,
    conversations,
    messages,
    current_conversations
FROM main.format_shapes
ORDER BY provider, ingested_at, provider_run_id, shape
