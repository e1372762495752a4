-- Which texts share a band with a new one? Of a band that very many share, each with the first and its neighbours.
WITH touched AS (
    SELECT DISTINCT band_key
    FROM store.minhash_bands
    SEMI JOIN temp.new_normals USING (text_key)
),
members AS (
    SELECT
        band_key,
        text_key,
        row_number() OVER (PARTITION BY band_key ORDER BY text_key) AS place,
        count(*) OVER (PARTITION BY band_key) AS size
    FROM store.minhash_bands
    SEMI JOIN touched USING (band_key)
),
pairs AS (
    SELECT DISTINCT l.text_key AS left_key, r.text_key AS right_key
    FROM (SELECT * FROM members WHERE size > 1) AS l
    JOIN (SELECT * FROM members WHERE size > 1) AS r
        ON l.band_key = r.band_key
        AND l.place < r.place
        AND (l.place = 1 OR r.place - l.place <= $neighbours)
    WHERE l.text_key IN (SELECT text_key FROM temp.new_normals)
        OR r.text_key IN (SELECT text_key FROM temp.new_normals)
),
named AS (
    SELECT DISTINCT normal_sha256, ('0x' || normal_sha256[1:15])::BIGINT AS text_key
    FROM store.text_signals
)
SELECT
    least(l.normal_sha256, r.normal_sha256) AS left_sha256,
    greatest(l.normal_sha256, r.normal_sha256) AS right_sha256
FROM pairs
JOIN named AS l ON l.text_key = pairs.left_key
JOIN named AS r ON r.text_key = pairs.right_key
ANTI JOIN store.near_pairs AS known
    ON known.left_sha256 = least(l.normal_sha256, r.normal_sha256)
    AND known.right_sha256 = greatest(l.normal_sha256, r.normal_sha256)
ORDER BY ALL
