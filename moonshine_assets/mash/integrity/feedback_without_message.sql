-- Which ratings, preferences and comparisons claim a message that is not in their run?
SELECT f.provider_run_id, f.feedback_id, f.conversation_id, f.message_id
FROM store.feedback AS f
ANTI JOIN store.messages AS m USING (provider, provider_run_id, conversation_id, message_id)
WHERE f.joined
