-- What people query: the current version of every record, with its text. History is in schema store.
CREATE OR REPLACE VIEW main.conversations AS
SELECT * EXCLUDE (superseded_by) FROM store.conversations WHERE superseded_by IS NULL;

-- Ratings that an older export states and no newer one says anything of: they hold for the newest version too.
CREATE OR REPLACE VIEW main.kept_ratings AS
SELECT
    f.provider,
    f.conversation_id,
    f.message_id,
    arg_max(f.value, (coalesce(f.created_at, f.ingested_at), f.provider_run_id, f.feedback_id)) AS rating
FROM store.feedback AS f
INNER JOIN store.conversations AS c USING (provider_run_id, conversation_id)
WHERE
    f.superseded_by IS NULL AND c.superseded_by IS NOT NULL
    AND f.joined AND f.kind = 'rating' AND f.value IN ('up', 'down')
GROUP BY ALL;

CREATE OR REPLACE VIEW main.messages AS
SELECT m.* EXCLUDE (superseded_by) REPLACE (coalesce(m.feedback, k.rating) AS feedback), t.text
FROM store.messages AS m
LEFT JOIN store.texts AS t USING (content_sha256)
LEFT JOIN main.kept_ratings AS k USING (provider, conversation_id, message_id)
WHERE m.superseded_by IS NULL;

CREATE OR REPLACE VIEW main.blocks AS
SELECT b.* EXCLUDE (superseded_by), t.text
FROM store.blocks AS b
LEFT JOIN store.texts AS t USING (content_sha256)
WHERE b.superseded_by IS NULL;

CREATE OR REPLACE VIEW main.attachments AS
SELECT * EXCLUDE (superseded_by) FROM store.attachments WHERE superseded_by IS NULL;

CREATE OR REPLACE VIEW main.feedback AS
SELECT * EXCLUDE (superseded_by) FROM store.feedback WHERE superseded_by IS NULL;

CREATE OR REPLACE VIEW main.quarantine AS
SELECT * FROM store.quarantine;

CREATE OR REPLACE VIEW main.receipts AS
SELECT * FROM store.receipts;

CREATE OR REPLACE VIEW main.receipt_categories AS
SELECT * FROM store.receipt_categories;

CREATE OR REPLACE VIEW main.runs AS
SELECT * FROM store.runs;

CREATE OR REPLACE VIEW main.merges AS
SELECT * FROM store.merges;

-- How many conversations each run brought of each generation of the format, superseded ones included.
CREATE OR REPLACE VIEW main.format_shapes AS
SELECT
    c.provider,
    c.provider_run_id,
    u.ingested_at,
    c.shape,
    count(*) AS conversations,
    sum(c.message_count)::BIGINT AS messages,
    count(*) FILTER (c.superseded_by IS NULL) AS current_conversations
FROM store.conversations AS c
INNER JOIN store.runs AS u USING (provider_run_id)
GROUP BY ALL;
