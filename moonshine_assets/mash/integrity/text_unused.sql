-- Which texts does nothing point to?
SELECT t.content_sha256
FROM store.texts AS t
ANTI JOIN store.messages AS m USING (content_sha256)
ANTI JOIN store.blocks AS b USING (content_sha256)
