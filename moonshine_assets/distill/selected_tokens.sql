-- Tokens of the kept texts that stand for the selected messages' texts, each once.
SELECT sum(cleaned_tokens)
FROM store.cleaning
WHERE outcome = 'kept'
    AND content_sha256 IN (
        SELECT cluster_sha256 FROM store.cleaning SEMI JOIN store.distilled_messages USING (record_uid)
    )
