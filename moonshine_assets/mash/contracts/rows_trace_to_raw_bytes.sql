-- contract: rows_trace_to_raw_bytes
-- question: Can every current message be followed to its export, its run and its bytes in the export?
-- column: provider VARCHAR
-- column: provider_run_id VARCHAR
-- column: messages BIGINT
-- column: traced BIGINT
-- invariant: count(*) FILTER (provider IS NULL OR provider_run_id IS NULL) = 0
-- invariant: count(*) FILTER (traced <> messages) = 0
-- invariant: coalesce(sum(messages), 0) = (SELECT count(*) FROM store.messages WHERE superseded_by IS NULL)
SELECT
    m.provider,
    m.provider_run_id,
    count(*) AS messages,
    count(*) FILTER (
        u.provider_run_id IS NOT NULL
        AND m.raw_start < m.raw_end
        AND m.raw_end <= r.bytes_total
    ) AS traced
FROM main.messages AS m
LEFT JOIN main.runs AS u
    ON
        m.provider = u.provider
        AND m.provider_run_id = u.provider_run_id
        AND m.source_file_sha256 = u.source_file_sha256
LEFT JOIN main.receipts AS r
    ON
        m.provider_run_id = r.provider_run_id
        AND m.source_file_sha256 = r.source_file_sha256
        AND m.raw_member = r.member
GROUP BY m.provider, m.provider_run_id
ORDER BY m.provider, m.provider_run_id
