-- question: What became of every node of every export that was merged?
SELECT
    provider_run_id AS run,
    count(*) AS files,
    sum(conversations_in)::BIGINT AS conversations,
    sum(nodes_in)::BIGINT AS nodes_in,
    sum(nodes_visible)::BIGINT AS kept,
    sum(nodes_hidden)::BIGINT AS hidden,
    sum(nodes_structural)::BIGINT AS structural,
    sum(nodes_duplicate)::BIGINT AS duplicate,
    sum(nodes_quarantined)::BIGINT AS quarantined
FROM main.receipts
GROUP BY provider_run_id
ORDER BY provider_run_id
