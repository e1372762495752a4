-- What became of everything each merged run brought? One row a run; the law of tables/receipts.py holds for each.
SELECT
    provider_run_id AS run_id,
    count(*) AS files,
    sum(conversations_in)::BIGINT AS conversations_in,
    sum(conversations_duplicate)::BIGINT AS conversations_duplicate,
    sum(conversations_quarantined)::BIGINT AS conversations_quarantined,
    sum(nodes_in)::BIGINT AS nodes_in,
    sum(nodes_visible)::BIGINT AS kept,
    sum(nodes_hidden)::BIGINT AS hidden,
    sum(nodes_structural)::BIGINT AS structural,
    sum(nodes_duplicate)::BIGINT AS duplicate,
    sum(nodes_quarantined)::BIGINT AS quarantined
FROM store.receipts
GROUP BY provider_run_id
ORDER BY provider_run_id
