-- question: How many messages, parts and characters of each kind came in, and how many are kept?
SELECT
    provider,
    category,
    sum(messages_in)::BIGINT AS messages_in,
    sum(messages_kept)::BIGINT AS messages_kept,
    sum(items_in)::BIGINT AS items_in,
    sum(items_kept)::BIGINT AS items_kept,
    sum(items_quarantined)::BIGINT AS items_quarantined,
    sum(characters_in)::BIGINT AS characters_in,
    sum(characters_kept)::BIGINT AS characters_kept
FROM main.receipt_categories
GROUP BY ALL
ORDER BY provider, category
