-- The rank of each text that is in a pair by its first message: time (unknown last), provider, run, conversation,
-- position. The same order says which of equal texts is kept.
SELECT normal_sha256, row_number() OVER (ORDER BY first_place) AS rank
FROM (
    SELECT
        s.normal_sha256,
        min(
            struct_pack(
                untimed := m.created_at IS NULL,
                created_at := coalesce(m.created_at, TIMESTAMP '1970-01-01'),
                provider := m.provider,
                provider_run_id := m.provider_run_id,
                conversation_id := m.conversation_id,
                "position" := m.position,
                message_id := m.message_id
            )
        ) AS first_place
    FROM store.text_signals AS s
    JOIN store.messages AS m ON m.content_sha256 = s.content_sha256
    WHERE m.superseded_by IS NULL
        AND m.role <> 'system'
        AND s.normal_sha256 IN (
            SELECT left_sha256 FROM store.near_pairs
            UNION
            SELECT right_sha256 FROM store.near_pairs
        )
    GROUP BY ALL
)
