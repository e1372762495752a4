-- Which texts may come after cleaning? Those of current messages and blocks, and the arguments of calls. Scans of
-- texts that are gone go with them; placeholders keep their numbers.
CREATE OR REPLACE TEMP TABLE wanted_texts AS
SELECT DISTINCT content_sha256, false AS is_arguments
FROM (
    SELECT content_sha256 FROM store.messages WHERE superseded_by IS NULL
    UNION ALL
    SELECT content_sha256 FROM store.blocks WHERE superseded_by IS NULL AND content_sha256 IS NOT NULL
)
UNION
SELECT DISTINCT sha256(arguments) AS content_sha256, true AS is_arguments
FROM store.blocks
WHERE superseded_by IS NULL AND arguments IS NOT NULL;

DELETE FROM store.text_scans WHERE content_sha256 NOT IN (SELECT content_sha256 FROM temp.wanted_texts);

DELETE FROM store.redacted_texts WHERE content_sha256 NOT IN (SELECT content_sha256 FROM store.text_scans);
