-- Which superseded versions name a run that does not hold the current version, or were changed later than it?
-- A later reading of the same export is the newer one whatever times it found.
SELECT o.provider_run_id, o.conversation_id, o.superseded_by
FROM store.conversations AS o
LEFT JOIN store.conversations AS c
    ON
        o.provider = c.provider
        AND o.conversation_id = c.conversation_id
        AND o.superseded_by = c.provider_run_id
        AND c.superseded_by IS NULL
WHERE
    o.superseded_by IS NOT NULL
    AND (
        c.provider_run_id IS NULL
        OR (
            o.source_file_sha256 <> c.source_file_sha256
            AND coalesce(o.updated_at > c.updated_at, c.updated_at IS NULL AND o.updated_at IS NOT NULL)
        )
    )
