"""A mash of any size, and runs to merge into it, made set-based by DuckDB: short texts, ten messages a conversation.

A run's messages have texts of their own, but for one in twenty, which many runs share. Runs have conversations in
common only when they are of one account.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb

from moonshine_assets.mash.merge import RunFacts
from moonshine_assets.mash.schema import create
from moonshine_assets.mash.search.build import rebuild
from moonshine_assets.mash.texts import KEY_SQL
from moonshine_assets.tables import RUN_TABLES
from moonshine_assets.tables.receipts import RECEIPT_COUNTS
from moonshine_resources.atomic import sha256_file
from moonshine_resources.duckdb import connect, transaction

PROVIDER = "chatgpt"
#: Each in one text of twelve; a `place<n>` is in one of fifty.
COLOURS = ["red", "orange", "yellow", "green", "blue", "violet", "black", "white", "grey", "brown", "pink", "golden"]
TURNS = 10
_FIRST_DAY = datetime(2000, 1, 1, tzinfo=UTC)
_MERGED_AT = datetime(2026, 1, 1)

_DRAFT = """
CREATE OR REPLACE TEMP TABLE draft AS
SELECT *, sha256(text) AS content_sha256, sha256($run_id || conversation_id || ' ' || message_id) AS record_uid
FROM (
    SELECT i, i // $turns AS conversation, i % $turns AS turn,
           'a' || $account || '-c' || (i // $turns) AS conversation_id, 'm' || (i % $turns) AS message_id,
           CASE WHEN i % 20 = 7 THEN 'Thanks, that is number ' || (i % 5000)
                ELSE 'Message ' || i || ' of account ' || $account || ' asks for the weight of ' || (hash(i) % 9973)
                     || ' stones and the height of ' || (hash(i + 1) % 9973) || ' towers, '
                     || list_extract($colours, 1 + (hash(i + 2) % 12)::INTEGER) || ', near place'
                     || (hash(i + 3) % 50) END AS text
    FROM range($messages) t(i)
)
"""
_TAGS = """$provider AS provider, $run_id AS provider_run_id, sha256($run_id) AS source_file_sha256,
'export.zip' AS source_path, $day::TIMESTAMP AS ingested_at"""
_RAW = "'conversations.json' AS raw_member, 0 AS raw_index, 0 AS raw_start, 1 AS raw_end"

_TABLES = {
    "conversations": f"""
        SELECT {_TAGS}, sha256($run_id || conversation_id) AS record_uid, conversation_id, 'Title' AS title,
               $day::TIMESTAMP AS created_at, $day::TIMESTAMP AS updated_at, 'chatgpt-2025' AS shape,
               'chatgpt_export' AS source_type, count(*)::INTEGER AS message_count, count(*)::INTEGER AS visible_count,
               0 AS branch_points, (count(*) - 1)::INTEGER AS max_depth, []::VARCHAR[] AS flags, {_RAW}
        FROM draft GROUP BY conversation_id
    """,
    "messages": f"""
        SELECT {_TAGS}, record_uid, conversation_id, message_id,
               CASE WHEN turn > 0 THEN 'm' || (turn - 1) END AS parent_id, 0 AS sibling_index,
               turn::INTEGER AS depth, turn::INTEGER AS "position", true AS on_active_path,
               CASE turn % 2 WHEN 0 THEN 'user' ELSE 'assistant' END AS role,
               CASE turn % 2 WHEN 0 THEN 'human' ELSE 'model' END AS author_kind, true AS visible,
               CASE turn % 2 WHEN 1 THEN 'model-' || (conversation % 3) END AS model,
               $day::TIMESTAMP + to_seconds(i) AS created_at, content_sha256,
               (length(text) // 4)::INTEGER AS content_tokens, []::VARCHAR[] AS flags, {_RAW}
        FROM draft
    """,
    "blocks": f"""
        SELECT {_TAGS}, record_uid, conversation_id, message_id, 0 AS ordinal, 'text' AS kind, content_sha256
        FROM draft
    """,
    "receipts": f"""
        SELECT {_TAGS}, sha256($run_id) AS record_uid, 'conversations.json' AS member, 'conversations' AS member_role,
               {", ".join(f"0 AS {name}" for name in RECEIPT_COUNTS)}
    """,
}
_TEXTS = """
SELECT content_sha256, any_value(text) AS text, any_value(length(text) // 4)::INTEGER AS tokens
FROM draft GROUP BY content_sha256
"""
_RUNS = """
INSERT INTO store.runs BY NAME
SELECT provider, provider_run_id, source_file_sha256, source_path, sha256(provider_run_id) AS database_sha256,
       ingested_at, $merged_at::TIMESTAMP AS merged_at, conversations, messages, messages AS raw_json_tokens,
       tokens AS content_tokens_non_system
FROM store.receipts, (SELECT count(DISTINCT conversation_id) AS conversations, count(*) AS messages,
                             sum(length(text) // 4) AS tokens FROM draft)
WHERE provider_run_id = $run_id
"""


def run_id_of(rank: int) -> str:
    return f"{PROVIDER}_{_FIRST_DAY + timedelta(days=rank):%Y%m%d}_000000"


def generate_mash(path: Path, runs: int, messages: int, *, indexed: bool = True) -> None:
    """A mash of `runs` runs of `messages` messages each, of as many accounts, as merges would have left it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with connect(path, read_only=False) as connection:
        create(connection)
        for rank in range(runs):
            with transaction(connection):
                _fill(connection, rank, messages, account=rank)
                connection.execute(
                    f"INSERT INTO store.texts BY NAME SELECT *, {KEY_SQL} AS text_key FROM ({_TEXTS})"
                    " ANTI JOIN store.texts USING (content_sha256)"
                )
                connection.execute(_RUNS, {"run_id": run_id_of(rank), "merged_at": _MERGED_AT})
        if indexed:
            with transaction(connection):
                rebuild(connection)


def generate_run(path: Path, rank: int, messages: int, *, account: int) -> RunFacts:
    """The published database of one run; a run of the same account with a higher rank is its next export."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with connect(path, read_only=False) as connection, transaction(connection):
        connection.execute("CREATE SCHEMA store")
        for table in RUN_TABLES:
            connection.execute(table.ddl())
        _fill(connection, rank, messages, account=account)
        connection.execute(f"INSERT INTO store.texts BY NAME {_TEXTS}")
        ((tokens,),) = connection.execute("SELECT sum(content_tokens)::BIGINT FROM store.messages").fetchall()
    return RunFacts(run_id_of(rank), PROVIDER, path, sha256_file(path), messages, int(tokens))


def _fill(connection: duckdb.DuckDBPyConnection, rank: int, messages: int, *, account: int) -> None:
    """Everything but texts; the temporary table `draft` stays."""
    day = _FIRST_DAY.replace(tzinfo=None) + timedelta(days=rank)
    facts = {"provider": PROVIDER, "run_id": run_id_of(rank), "day": day}
    draft = {"run_id": facts["run_id"], "account": account, "messages": messages, "turns": TURNS, "colours": COLOURS}
    connection.execute(_DRAFT, draft)
    for name, query in _TABLES.items():
        connection.execute(f"INSERT INTO store.{name} BY NAME {query}", facts)
