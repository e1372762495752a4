-- Which texts have another key than their hash says? They would not be found, and be stored twice.
SELECT content_sha256, text_key
FROM store.texts
WHERE text_key <> ('0x' || content_sha256[1:15])::BIGINT
