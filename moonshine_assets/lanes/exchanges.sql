-- Which conversations hold an exchange (a human message with text that no program wrote and, later on the active path, a
-- model message with text), and what is in them that tells a lane whether reading them is worth it?
WITH worded AS (
    SELECT
        provider,
        provider_run_id,
        conversation_id,
        message_id,
        bool_or(
            regexp_matches(text, '(?i)json|schema|letter|yyyy|hh:mm|rrggbb|prints?\b|printed|outputs?\b|displays?\b')
        ) AS names_form,
        bool_or(length(text) <= 400 AND regexp_matches(text, '[0-9)]\s*[-+*/×÷^−]')) AS shows_sum
    FROM main.blocks
    WHERE kind IN ('text', 'audio', 'file', 'code') AND regexp_matches(text, '[^ \t\n\r]')
    GROUP BY ALL
),
turns AS (
    SELECT m.provider, m.provider_run_id, m.conversation_id, m.position, m.on_active_path,
        m.role = 'user' AS human, w.names_form, w.shows_sum
    FROM main.messages AS m
    JOIN worded AS w USING (provider, provider_run_id, conversation_id, message_id)
    LEFT JOIN store.text_signals AS s ON s.content_sha256 = m.content_sha256
    WHERE m.visible
        AND ((m.role = 'user' AND m.author_kind = 'human' AND s.machine IS NULL) OR (m.role = 'assistant' AND m.author_kind = 'model'))
),
spoken AS (
    SELECT
        provider,
        provider_run_id,
        conversation_id,
        count(*) FILTER (human AND on_active_path) AS human_turns,
        count(*) FILTER (NOT human AND on_active_path) AS model_turns,
        min(position) FILTER (human AND on_active_path) AS first_human,
        max(position) FILTER (NOT human AND on_active_path) AS last_model,
        count(*) FILTER (NOT human AND NOT on_active_path) AS other_answers,
        coalesce(bool_or(names_form OR shows_sum) FILTER (human AND on_active_path), false) AS verifiable
    FROM turns
    GROUP BY ALL
    HAVING first_human < last_model
),
said AS (
    SELECT
        provider,
        provider_run_id,
        conversation_id,
        coalesce(bool_or(feedback IS NOT NULL), false) AS rated,
        coalesce(
            bool_or(regexp_matches(lower(concat_ws(' ', status, stop_reason)), 'interrupt|abort|cancel')), false
        ) AS stopped
    FROM main.messages
    GROUP BY ALL
),
tools AS (
    SELECT m.provider, m.provider_run_id, m.conversation_id,
        bool_or(m.role = 'tool' OR b.kind IN ('tool_call', 'artifact', 'tool_result')) AS tools_used,
        bool_or(b.kind IN ('tool_call', 'artifact')) AS tools_called
    FROM main.messages AS m
    LEFT JOIN (SELECT provider, provider_run_id, conversation_id, message_id, kind FROM main.blocks) AS b
        USING (provider, provider_run_id, conversation_id, message_id)
    WHERE m.on_active_path
    GROUP BY ALL
)
SELECT
    c.provider,
    c.provider_run_id,
    c.conversation_id,
    c.record_uid,
    c.source_file_sha256 AS source_sha256,
    c.source_type,
    c.message_count,
    s.human_turns,
    s.model_turns,
    s.other_answers,
    s.verifiable,
    f.rated,
    f.stopped,
    coalesce(t.tools_used, false) AS tools_used,
    coalesce(t.tools_called, false) AS tools_called,
    coalesce(q.lang, 'und') AS lang,
    coalesce(q.quality, 0) AS quality
FROM main.conversations AS c
JOIN spoken AS s USING (provider, provider_run_id, conversation_id)
JOIN said AS f USING (provider, provider_run_id, conversation_id)
LEFT JOIN tools AS t USING (provider, provider_run_id, conversation_id)
LEFT JOIN store.conversation_scores AS q USING (provider, provider_run_id, conversation_id)
ORDER BY ALL
