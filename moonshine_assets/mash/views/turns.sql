-- What somebody asked and what answered it, on the path the conversation shows; a row a message of a person.
CREATE OR REPLACE VIEW main.turns AS
WITH shown AS (
    SELECT
        *,
        count(*) FILTER (author_kind = 'human') OVER (
            PARTITION BY provider_run_id, conversation_id ORDER BY depth, position
        ) AS turn
    FROM main.messages
    WHERE on_active_path
)

SELECT
    provider,
    provider_run_id,
    conversation_id,
    turn,
    any_value(message_id) FILTER (author_kind = 'human') AS message_id,
    any_value(created_at) FILTER (author_kind = 'human') AS created_at,
    any_value(text) FILTER (author_kind = 'human') AS question,
    any_value(content_tokens) FILTER (author_kind = 'human') AS question_tokens,
    count(*) FILTER (author_kind = 'model') AS answers,
    coalesce(
        list(message_id ORDER BY depth, position) FILTER (author_kind = 'model'), []
    ) AS answer_ids,
    string_agg(text, chr(10) || chr(10) ORDER BY depth, position)
    FILTER (author_kind = 'model' AND text <> '') AS answer,
    coalesce(sum(content_tokens) FILTER (author_kind = 'model'), 0)::BIGINT AS answer_tokens,
    arg_max(model, position) FILTER (author_kind = 'model') AS model,
    arg_max(feedback, position) FILTER (author_kind = 'model') AS feedback
FROM shown
WHERE turn > 0
GROUP BY provider, provider_run_id, conversation_id, turn;
