-- Which stored message is each entry about? Ids are unique only inside a conversation, so the conversation that the
-- entry names goes first; an id that only one conversation has is enough by itself. Aliases yield to node ids.
WITH wanted AS (
    SELECT message_id AS stated FROM stated_feedback
    UNION
    SELECT other_message_id FROM stated_feedback
),

candidates AS (
    SELECT message_id AS stated, conversation_id, message_id, false AS by_alias, position
    FROM store.messages WHERE message_id IN (FROM wanted)
    UNION ALL
    SELECT alias_id, conversation_id, message_id, true, position
    FROM store.messages WHERE alias_id IN (FROM wanted)
),

found AS (
    SELECT
        stated,
        conversation_id,
        arg_min(message_id, (by_alias, position)) AS message_id,
        count(*) OVER (PARTITION BY stated) AS conversations
    FROM candidates
    GROUP BY stated, conversation_id
)

SELECT
    coalesce(f.conversation_id, s.conversation_id) AS conversation_id,
    coalesce(f.message_id, s.message_id) AS message_id,
    s.feedback_id,
    s.kind,
    s.value,
    coalesce(o.message_id, s.other_message_id) AS other_message_id,
    s.comment,
    s.tags,
    s.source_member,
    s.created_at,
    f.message_id IS NOT NULL AS joined,
    s.payload
FROM stated_feedback AS s
LEFT JOIN found AS f
    ON s.message_id = f.stated AND (s.conversation_id = f.conversation_id OR f.conversations = 1)
LEFT JOIN found AS o ON s.other_message_id = o.stated AND f.conversation_id = o.conversation_id
ORDER BY s.source_member, length(s.feedback_id), s.feedback_id
