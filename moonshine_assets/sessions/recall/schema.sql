-- The index of archived texts. `words` holds no text: what is shown is read from the files it was made from.
CREATE TABLE IF NOT EXISTS parts (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    size INTEGER NOT NULL,
    changed_ns INTEGER NOT NULL,
    session_id TEXT NOT NULL,
    provider TEXT NOT NULL,
    conversation TEXT NOT NULL,
    archive TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS entries (
    id INTEGER PRIMARY KEY,
    part INTEGER NOT NULL,
    line INTEGER NOT NULL,
    start INTEGER NOT NULL,
    at INTEGER,
    who TEXT NOT NULL,
    message_id TEXT NOT NULL
);
-- Bytes [start, start + size) of the file, lines [line, line_end].
CREATE TABLE IF NOT EXISTS passages (
    id INTEGER PRIMARY KEY,
    entry INTEGER NOT NULL,
    line INTEGER NOT NULL,
    line_end INTEGER NOT NULL,
    start INTEGER NOT NULL,
    size INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS entries_of_part ON entries (part);
CREATE INDEX IF NOT EXISTS passages_of_entry ON passages (entry);
CREATE VIRTUAL TABLE IF NOT EXISTS words USING fts5 (
    text, extra, times, content = '', tokenize = 'unicode61 remove_diacritics 2'
);
CREATE VIRTUAL TABLE IF NOT EXISTS vocabulary USING fts5vocab (words, row);
