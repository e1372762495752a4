-- Which ratings, preferences and comparisons are current or superseded wrongly? Those in a conversation go with it.
-- Those in a file of their own are superseded by an export that has such a file, and by no other.
WITH files AS (
    SELECT DISTINCT provider_run_id, regexp_replace(parse_filename(member), '-[0-9]+[.]', '.') AS file
    FROM store.receipts
    WHERE member_role <> 'conversations'
)

SELECT f.provider_run_id, f.feedback_id, f.superseded_by, c.superseded_by AS conversation_superseded_by
FROM store.feedback AS f
INNER JOIN store.conversations AS c USING (provider_run_id, conversation_id)
LEFT JOIN files AS own
    ON
        f.provider_run_id = own.provider_run_id
        AND regexp_replace(parse_filename(f.source_member), '-[0-9]+[.]', '.') = own.file
LEFT JOIN files AS newest ON c.superseded_by = newest.provider_run_id AND own.file = newest.file
LEFT JOIN files AS named ON f.superseded_by = named.provider_run_id AND own.file = named.file
WHERE
    CASE
        WHEN own.file IS NULL OR newest.file IS NOT NULL OR c.superseded_by IS NULL
            THEN f.superseded_by IS DISTINCT FROM c.superseded_by
        ELSE f.superseded_by IS NOT NULL AND named.file IS NULL
    END
