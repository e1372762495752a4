-- Which messages state another number of tokens than their text has?
SELECT m.provider_run_id, m.conversation_id, m.message_id, m.content_tokens, t.tokens AS text_tokens
FROM store.messages AS m
INNER JOIN store.texts AS t USING (content_sha256)
WHERE m.content_tokens <> t.tokens
