-- What was said with which model in which month; persons' messages have no model, messages without a time no month.
CREATE OR REPLACE VIEW main.usage_by_month AS
SELECT
    provider,
    model,
    date_trunc('month', created_at)::DATE AS month,
    count(*) AS messages,
    count(DISTINCT (provider_run_id, conversation_id)) AS conversations,
    sum(content_tokens)::BIGINT AS content_tokens,
    coalesce(sum(usage_input), 0)::BIGINT AS usage_input,
    coalesce(sum(usage_output), 0)::BIGINT AS usage_output,
    coalesce(sum(usage_cache_read), 0)::BIGINT AS usage_cache_read,
    coalesce(sum(usage_cache_write), 0)::BIGINT AS usage_cache_write,
    coalesce(sum(usage_reasoning), 0)::BIGINT AS usage_reasoning
FROM main.messages
WHERE role <> 'system'
GROUP BY ALL;
