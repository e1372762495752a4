-- Quality, language and tone of the conversations of each provider.
SELECT
    provider,
    count(*) AS conversations,
    round(avg(quality), 4) AS quality,
    mode(lang) AS most_common_language,
    round(avg(tone_shift), 4) AS tone_shift,
    count(tone_shift) AS with_tone,
    count(*) FILTER (tone_shift = 0) AS tone_shift_zero
FROM store.conversation_scores
GROUP BY provider
ORDER BY provider
