-- Which texts are pointed to and not there?
WITH pointers AS (
    SELECT DISTINCT content_sha256 FROM store.messages
    UNION
    SELECT DISTINCT content_sha256 FROM store.blocks WHERE content_sha256 IS NOT NULL
)

SELECT p.content_sha256
FROM pointers AS p
ANTI JOIN store.texts AS t USING (content_sha256)
