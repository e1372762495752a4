-- Where a conversation forks: every message that has siblings, with how many they are; roots count as siblings.
CREATE OR REPLACE VIEW main.branches AS
SELECT
    provider,
    provider_run_id,
    conversation_id,
    parent_id,
    count(*) OVER fork AS siblings,
    sibling_index,
    message_id,
    on_active_path,
    author_kind,
    model,
    created_at,
    content_tokens
FROM main.messages
WINDOW fork AS (PARTITION BY provider_run_id, conversation_id, parent_id)
QUALIFY siblings > 1;
