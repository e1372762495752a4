-- How good is each current conversation, by what stands on its active path (benchmarks: on any branch)? Parts of 0 to 1, weighted by the policy:
--   variety       how little its texts repeat themselves: zlib ratio by 0.35, at most 1, weighted by tokens
--   novelty       share of tokens that are kept, that is said here first
--   depth         ln(1 + human turns) by ln 9, at most 1
--   completeness  share of model messages that came to their end
--   language      share of the prose's tokens whose language is known
--   approval      0.5; 1 where answers were rated up and none down, 0 where one was rated down and none up
-- tone_shift is the mean, over answers between two turns of the person, of tone after minus tone before; unknown unless
-- the conversation is in English and neither turn is in another language.
WITH path AS (
    SELECT
        m.provider,
        m.provider_run_id,
        m.conversation_id,
        m.position,
        m.role,
        m.content_tokens AS tokens,
        m.role = 'user' AND m.author_kind = 'human' AND m.visible AS by_person,
        m.role = 'assistant' AND m.author_kind = 'model' AND m.visible AS by_model,
        (m.status IS NULL OR list_contains($complete_statuses, m.status))
        AND (m.stop_reason IS NULL OR list_contains($complete_stop_reasons, m.stop_reason)) AS complete,
        coalesce(m.feedback, r.rating) AS rating,
        k.outcome,
        s.lang,
        s.tone,
        s.zlib_ratio
    FROM store.messages AS m
    JOIN store.cleaning AS k USING (provider, provider_run_id, conversation_id, message_id)
    JOIN store.text_signals AS s ON s.content_sha256 = m.content_sha256
    LEFT JOIN main.kept_ratings AS r USING (provider, conversation_id, message_id)
    WHERE m.superseded_by IS NULL AND m.on_active_path AND m.role <> 'system'
),
said AS (
    SELECT
        provider,
        provider_run_id,
        conversation_id,
        by_person,
        tone - lag(tone) OVER turns AS shift,
        answers - lag(answers) OVER turns AS answers_between
    FROM (
        SELECT
            *,
            count(*) FILTER (by_model AND tokens > 0) OVER (
                PARTITION BY provider, provider_run_id, conversation_id ORDER BY position
            ) AS answers
        FROM path
    )
    WHERE by_person AND tokens > 0
    WINDOW turns AS (PARTITION BY provider, provider_run_id, conversation_id ORDER BY position)
),
shifts AS (
    SELECT
        provider,
        provider_run_id,
        conversation_id,
        avg(shift) FILTER (answers_between > 0) AS tone_shift
    FROM said
    GROUP BY ALL
),
languages AS (
    SELECT provider, provider_run_id, conversation_id, lang
    FROM path
    WHERE lang IS NOT NULL AND (by_person OR by_model)
    GROUP BY provider, provider_run_id, conversation_id, lang
    QUALIFY row_number() OVER (
        PARTITION BY provider, provider_run_id, conversation_id ORDER BY sum(tokens) DESC, lang
    ) = 1
),
parts AS (
    SELECT
        provider,
        provider_run_id,
        conversation_id,
        coalesce(sum(least(1, zlib_ratio / 0.35) * tokens) / nullif(sum(tokens) FILTER (zlib_ratio IS NOT NULL), 0), 0)
            AS variety,
        coalesce(sum(tokens) FILTER (outcome = 'kept') / nullif(sum(tokens), 0), 0) AS novelty,
        coalesce(sum(tokens) FILTER (outcome = 'near_duplicate') / nullif(sum(tokens), 0), 0) AS near_duplicate_share,
        least(1, ln(1 + count(*) FILTER (by_person AND tokens > 0)) / ln(9)) AS depth,
        coalesce(count(*) FILTER (by_model AND complete) / nullif(count(*) FILTER (by_model), 0), 0) AS completeness,
        coalesce(
            sum(tokens) FILTER ((by_person OR by_model) AND lang IS NOT NULL)
            / nullif(sum(tokens) FILTER (by_person OR by_model), 0),
            0
        ) AS language,
        CASE
            WHEN bool_or(coalesce(rating = 'up', false)) = bool_or(coalesce(rating = 'down', false)) THEN 0.5
            WHEN bool_or(coalesce(rating = 'up', false)) THEN 1.0
            ELSE 0.0
        END AS approval
    FROM path
    GROUP BY ALL
),
benchmarks AS (
    -- On every branch: an answer left behind can become part of a row.
    SELECT m.provider, m.provider_run_id, m.conversation_id, count(*) AS messages
    FROM store.messages AS m
    JOIN store.text_signals AS s USING (content_sha256)
    WHERE m.superseded_by IS NULL
        AND m.role <> 'system'
        AND $decontaminate
        AND s.benchmark_hits >= $minimum_hits
        AND s.benchmark_coverage >= $minimum_coverage
    GROUP BY ALL
)
SELECT
    p.provider,
    p.provider_run_id,
    p.conversation_id,
    coalesce(l.lang, 'und') AS lang,
    round((
        $variety * variety + $novelty * novelty + $depth * depth + $completeness * completeness
        + $language * language + $approval * approval
    ) / ($variety + $novelty + $depth + $completeness + $language + $approval), 4)::DOUBLE AS quality,
    round(variety, 4)::DOUBLE AS variety,
    round(novelty, 4)::DOUBLE AS novelty,
    round(depth, 4)::DOUBLE AS depth,
    round(completeness, 4)::DOUBLE AS completeness,
    round(language, 4)::DOUBLE AS language,
    approval::DOUBLE AS approval,
    round(near_duplicate_share, 4)::DOUBLE AS near_duplicate_share,
    round(CASE WHEN l.lang = 'en' THEN t.tone_shift END, 4)::DOUBLE AS tone_shift,
    coalesce(b.messages, 0)::INTEGER AS benchmark_messages
FROM parts AS p
LEFT JOIN benchmarks AS b USING (provider, provider_run_id, conversation_id)
LEFT JOIN languages AS l USING (provider, provider_run_id, conversation_id)
LEFT JOIN shifts AS t USING (provider, provider_run_id, conversation_id)
