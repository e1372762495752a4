-- What does the database of a run hold, by file and category? The rules are those of tables/receipt_categories.py,
-- written a second time: a block counts if its message is there, and its text where it has one.
WITH parts AS (
    SELECT conversation_id, message_id, kind, content_sha256,
           coalesce(length(arguments::VARCHAR), 0) + coalesce(length(payload::VARCHAR), 0) AS characters
    FROM store.blocks
    UNION ALL
    SELECT conversation_id, message_id, 'file', NULL, 0 FROM store.attachments
),
lengths AS (
    SELECT content_sha256, length(text) AS characters FROM store.texts
),
counted AS (
    SELECT raw_member, visible, on_active_path, NULL AS kind,
           count(*) AS messages, 0 AS items, 0 AS quarantined, 0 AS characters
    FROM store.messages
    GROUP BY ALL
    UNION ALL
    SELECT raw_member, visible, on_active_path, kind,
           0, count(*), 0, sum(parts.characters + coalesce(lengths.characters, 0))
    FROM parts
    JOIN store.messages USING (conversation_id, message_id)
    LEFT JOIN lengths ON lengths.content_sha256 = parts.content_sha256
    WHERE parts.content_sha256 IS NULL OR lengths.content_sha256 IS NOT NULL
    GROUP BY ALL
    UNION ALL
    SELECT raw_member, true, false, 'raw', 0, 0, count(*), 0
    FROM store.quarantine
    WHERE unit <> 'older_copy'
    GROUP BY ALL
)
SELECT raw_member AS member,
       CASE WHEN kind IN ('tool_call', 'tool_result', 'thinking') THEN kind
            WHEN kind IN ('file', 'image', 'audio') THEN 'attachment_text'
            WHEN kind = 'raw' THEN 'unknown_block'
            WHEN NOT visible THEN 'hidden'
            WHEN on_active_path THEN 'main_path'
            ELSE 'side_branch'
       END AS category,
       sum(messages)::BIGINT AS messages_kept,
       sum(items)::BIGINT AS items_kept,
       sum(quarantined)::BIGINT AS items_quarantined,
       sum(characters)::BIGINT AS characters_kept
FROM counted
GROUP BY ALL
