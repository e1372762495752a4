-- Which conversations do not have exactly one current version? Messages follow: see mark_differs and the unique key.
SELECT provider, conversation_id, count(*) FILTER (superseded_by IS NULL) AS current_versions, count(*) AS versions
FROM store.conversations
GROUP BY provider, conversation_id
HAVING current_versions <> 1
