-- What changed in the conversations between two exports of an account? $newer and $older are lists of run ids, pair by
-- pair. Tokens are those of the newer less those of the older. Of the same bytes, or of a conversation that says it did
-- not change and is as long as it was, another count comes from another reading.
WITH pairs AS (
    SELECT unnest($newer::VARCHAR[]) AS newer, unnest($older::VARCHAR[]) AS older
),
runs AS (
    SELECT newer AS run_id FROM pairs
    UNION
    SELECT older FROM pairs
),
counted AS (
    SELECT provider_run_id AS run_id, conversation_id, sum(content_tokens) FILTER (role <> 'system') AS tokens
    FROM store.messages
    WHERE provider_run_id IN (SELECT run_id FROM runs)
    GROUP BY ALL
),
put_aside AS (
    SELECT
        provider_run_id AS run_id,
        conversation_id,
        count(*) FILTER (unit = 'conversation') > 0 AS whole,
        count(*) FILTER (unit = 'node') AS nodes
    FROM store.quarantine
    WHERE provider_run_id IN (SELECT run_id FROM runs) AND conversation_id IS NOT NULL
    GROUP BY ALL
),
held AS (
    SELECT
        c.provider_run_id AS run_id,
        c.conversation_id,
        c.source_file_sha256,
        c.updated_at,
        c.raw_end - c.raw_start AS bytes,
        coalesce(t.tokens, 0) AS tokens,
        coalesce(q.nodes, 0) AS nodes_put_aside
    FROM store.conversations AS c
    LEFT JOIN counted AS t ON t.run_id = c.provider_run_id AND t.conversation_id = c.conversation_id
    LEFT JOIN put_aside AS q ON q.run_id = c.provider_run_id AND q.conversation_id = c.conversation_id
    WHERE c.provider_run_id IN (SELECT run_id FROM runs)
),
side_by_side AS (
    SELECT
        newer,
        older,
        conversation_id,
        n.tokens IS NOT NULL AS in_newer,
        o.tokens IS NOT NULL AS in_older,
        coalesce(n.tokens, 0) - coalesce(o.tokens, 0) AS tokens,
        n.source_file_sha256 = o.source_file_sha256 AS same_source,
        n.updated_at IS NOT DISTINCT FROM o.updated_at AND n.bytes = o.bytes AS same_conversation,
        n.nodes_put_aside IS DISTINCT FROM o.nodes_put_aside AS other_nodes_put_aside
    FROM (SELECT p.newer, p.older, h.* FROM pairs AS p INNER JOIN held AS h ON h.run_id = p.newer) AS n
    FULL JOIN (SELECT p.newer, p.older, h.* FROM pairs AS p INNER JOIN held AS h ON h.run_id = p.older) AS o
        USING (newer, older, conversation_id)
)
SELECT
    s.newer,
    s.older,
    CASE
        WHEN NOT s.in_older AND qo.whole THEN 'reads_now'
        WHEN NOT s.in_older THEN 'is_new'
        WHEN NOT s.in_newer AND qn.whole THEN 'put_aside_now'
        WHEN NOT s.in_newer THEN 'is_gone'
        WHEN s.other_nodes_put_aside THEN 'other_nodes_put_aside'
        WHEN s.same_source OR s.same_conversation THEN 'read_otherwise'
        ELSE 'changed'
    END AS change,
    count(*) AS conversations,
    sum(s.tokens)::BIGINT AS tokens
FROM side_by_side AS s
LEFT JOIN put_aside AS qn ON qn.run_id = s.newer AND qn.conversation_id = s.conversation_id
LEFT JOIN put_aside AS qo ON qo.run_id = s.older AND qo.conversation_id = s.conversation_id
WHERE s.tokens <> 0
GROUP BY ALL
ORDER BY ALL
