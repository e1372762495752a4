-- contract: turns_pair_questions_with_answers
-- question: What was asked in each turn of the shown path, and which messages answered it?
-- column: provider VARCHAR
-- column: provider_run_id VARCHAR
-- column: conversation_id VARCHAR
-- column: turn BIGINT
-- column: message_id VARCHAR
-- column: created_at TIMESTAMP
-- column: answers BIGINT
-- column: answer_ids VARCHAR[]
-- column: question_tokens INTEGER
-- column: answer_tokens BIGINT
-- column: model VARCHAR
-- invariant: count(*) = (SELECT count(*) FROM main.messages WHERE on_active_path AND author_kind = 'human')
-- invariant: count(*) = (SELECT count(*) FROM (SELECT DISTINCT provider_run_id, conversation_id, turn FROM result))
-- invariant: count(*) FILTER (message_id IS NULL OR len(answer_ids) <> answers) = 0
-- invariant: (SELECT count(*) FROM result INNER JOIN main.messages AS m USING (provider_run_id, conversation_id, message_id) WHERE m.on_active_path AND m.author_kind = 'human') = count(*)
-- invariant: (SELECT count(*) FROM (SELECT provider_run_id, conversation_id, message_id AS question, unnest(answer_ids) AS answer FROM result) AS t INNER JOIN main.messages AS q ON q.provider_run_id = t.provider_run_id AND q.conversation_id = t.conversation_id AND q.message_id = t.question INNER JOIN main.messages AS a ON a.provider_run_id = t.provider_run_id AND a.conversation_id = t.conversation_id AND a.message_id = t.answer WHERE a.on_active_path AND a.author_kind = 'model' AND a.depth > q.depth) = coalesce(sum(answers), 0)
SELECT
    provider,
    provider_run_id,
    conversation_id,
    turn,
    message_id,
    created_at,
    answers,
    answer_ids,
    question_tokens,
    answer_tokens,
    model
FROM main.turns
ORDER BY provider, conversation_id, turn, provider_run_id
