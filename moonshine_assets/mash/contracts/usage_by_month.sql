-- contract: usage_by_month
-- question: How many messages and tokens did each model have in each month (NULL model: persons and tools)?
-- column: provider VARCHAR
-- column: model VARCHAR
-- column: month DATE
-- column: messages BIGINT
-- column: conversations BIGINT
-- column: content_tokens BIGINT
-- column: usage_input BIGINT
-- column: usage_output BIGINT
-- invariant: count(*) FILTER (provider IS NULL OR messages < 1 OR conversations NOT BETWEEN 1 AND messages OR content_tokens < 0) = 0
-- invariant: count(*) = (SELECT count(*) FROM (SELECT DISTINCT provider, model, month FROM result))
-- invariant: coalesce(sum(messages), 0) = (SELECT count(*) FROM store.messages WHERE superseded_by IS NULL AND role <> 'system')
-- invariant: coalesce(sum(content_tokens), 0) = (SELECT coalesce(sum(content_tokens_non_system), 0) FROM store.runs) - (SELECT coalesce(sum(content_tokens), 0) FROM store.messages WHERE superseded_by IS NOT NULL AND role <> 'system')
SELECT
    provider,
    model,
    month,
    messages,
    conversations,
    content_tokens,
    usage_input,
    usage_output
FROM main.usage_by_month
ORDER BY ALL
