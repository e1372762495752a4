-- What people query: the stored tables with their text. The stored tables keep every distinct text once.
CREATE OR REPLACE VIEW main.conversations AS
SELECT * FROM store.conversations;

CREATE OR REPLACE VIEW main.messages AS
SELECT m.*, t.text
FROM store.messages AS m
LEFT JOIN store.texts AS t USING (content_sha256);

CREATE OR REPLACE VIEW main.blocks AS
SELECT b.*, t.text
FROM store.blocks AS b
LEFT JOIN store.texts AS t USING (content_sha256);

CREATE OR REPLACE VIEW main.attachments AS
SELECT * FROM store.attachments;

CREATE OR REPLACE VIEW main.feedback AS
SELECT * FROM store.feedback;

CREATE OR REPLACE VIEW main.quarantine AS
SELECT * FROM store.quarantine;

CREATE OR REPLACE VIEW main.receipts AS
SELECT * FROM store.receipts;

CREATE OR REPLACE VIEW main.receipt_categories AS
SELECT * FROM store.receipt_categories;

-- How many conversations the run has of each generation of the format.
CREATE OR REPLACE VIEW main.format_shapes AS
SELECT
    provider,
    provider_run_id,
    shape,
    count(*) AS conversations,
    sum(message_count)::BIGINT AS messages
FROM store.conversations
GROUP BY ALL;
