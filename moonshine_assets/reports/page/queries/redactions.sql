-- question: How many places were replaced by each rule of redaction, in how many texts?
SELECT
    rule,
    sum(json_extract(replaced, '$."' || rule || '"')::BIGINT)::BIGINT AS places,
    count(*) AS texts
FROM (
    SELECT replaced, unnest(json_keys(replaced)) AS rule
    FROM store.redacted_texts
)
GROUP BY rule
ORDER BY rule
