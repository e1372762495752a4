-- question: How many answers got a reply of a person, and how many of those replies reject the answer?
-- page_rejections: replies (record_uid) that a strong rule of the policy takes as a rejection, see docs/policy.md.
SELECT
    r.provider,
    coalesce(r.model, 'unknown') AS model,
    coalesce(strftime(r.answered_at, '%Y-%m'), 'unknown') AS month,
    count(*) AS answers,
    count(x.record_uid) AS corrected
FROM page_replies AS r
LEFT JOIN page_rejections AS x USING (record_uid)
GROUP BY ALL
ORDER BY ALL
