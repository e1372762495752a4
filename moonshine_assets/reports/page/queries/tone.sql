-- question: How does the tone change after an answer, by provider, and in how many conversations could it be measured?
SELECT
    provider,
    count(*) AS conversations,
    count(tone_shift) AS measured,
    round(avg(tone_shift), 4) AS mean_shift,
    round(count(*) FILTER (tone_shift = 0) / nullif(count(tone_shift), 0), 4) AS share_of_zero
FROM store.distilled_conversations
GROUP BY provider
ORDER BY provider
