-- What do single runs count as cleaned that the mash does not? Of each distinct text that none of its messages is kept
-- for, the tokens once, by the outcome of its first one; and what redaction takes off the kept ones.
WITH texts AS (
    SELECT
        content_sha256,
        any_value(tokens) AS tokens,
        bool_or(outcome = 'kept') AS kept,
        bool_or(outcome = 'near_duplicate') AS near_duplicate,
        bool_or(outcome = 'decontaminated') AS decontaminated,
        sum(CASE WHEN outcome = 'kept' THEN tokens - cleaned_tokens ELSE 0 END) AS redacted
    FROM store.cleaning
    WHERE outcome <> 'empty'
    GROUP BY content_sha256
)
SELECT
    unnest(['same_but_for_case_and_space', 'near_duplicate', 'decontaminated', 'redaction']) AS reason,
    unnest([
        coalesce(sum(tokens) FILTER (NOT kept AND NOT near_duplicate AND NOT decontaminated), 0),
        coalesce(sum(tokens) FILTER (near_duplicate AND NOT decontaminated), 0),
        coalesce(sum(tokens) FILTER (decontaminated), 0),
        coalesce(sum(redacted), 0)
    ]) AS tokens
FROM texts
