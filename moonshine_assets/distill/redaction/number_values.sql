-- Every value without a number gets the next of its label, in the order of the first message it stands in (by time,
-- unknown times last, then provider, run, conversation, position) and of its place there. That order is told by the
-- rows themselves, so a number says nothing about the value.
INSERT INTO store.placeholders BY NAME
WITH new_values AS (
    SELECT * FROM temp.found_values ANTI JOIN store.placeholders USING (label, value_sha256)
),
texts_of_messages AS (
    SELECT content_sha256, provider, provider_run_id, conversation_id, message_id FROM store.messages
    WHERE superseded_by IS NULL
    UNION ALL
    SELECT content_sha256, provider, provider_run_id, conversation_id, message_id FROM store.blocks
    WHERE superseded_by IS NULL AND content_sha256 IS NOT NULL
    UNION ALL
    SELECT sha256(arguments), provider, provider_run_id, conversation_id, message_id FROM store.blocks
    WHERE superseded_by IS NULL AND arguments IS NOT NULL
),
places AS (
    SELECT
        v.label,
        v.value_sha256,
        min(
            struct_pack(
                untimed := m.created_at IS NULL,
                created_at := coalesce(m.created_at, TIMESTAMP '1970-01-01'),
                provider := m.provider,
                provider_run_id := m.provider_run_id,
                conversation_id := m.conversation_id,
                "position" := m.position,
                place := v.place,
                value_sha256 := v.value_sha256
            )
        ) AS first_place
    FROM new_values AS v
    JOIN texts_of_messages AS t USING (content_sha256)
    JOIN store.messages AS m
        ON m.provider = t.provider
        AND m.provider_run_id = t.provider_run_id
        AND m.conversation_id = t.conversation_id
        AND m.message_id = t.message_id
        AND m.superseded_by IS NULL
    GROUP BY ALL
)
SELECT
    label,
    value_sha256,
    (coalesce(given.highest, 0) + row_number() OVER (PARTITION BY label ORDER BY first_place))::INTEGER AS number
FROM places
LEFT JOIN (SELECT label, max(number) AS highest FROM store.placeholders GROUP BY label) AS given USING (label);
