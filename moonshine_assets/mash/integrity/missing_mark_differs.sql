-- Which conversations are marked as missing from an export that has them, or are marked though not current?
SELECT c.provider_run_id, c.conversation_id, c.missing_since
FROM store.conversations AS c
LEFT JOIN store.conversations AS o
    ON c.missing_since = o.provider_run_id AND c.conversation_id = o.conversation_id
LEFT JOIN store.runs AS r ON c.missing_since = r.provider_run_id
WHERE
    c.missing_since IS NOT NULL
    AND (c.superseded_by IS NOT NULL OR o.provider_run_id IS NOT NULL OR r.provider IS DISTINCT FROM c.provider)
