"""The messages that answer a question, best first."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

import duckdb
import polars as pl

from moonshine_assets.errors import BadInput
from moonshine_assets.mash.search.question import Filters, holds, parsed
from moonshine_assets.mash.search.rank import Ranking, uses_condition
from moonshine_assets.mash.search.tables import exists
from moonshine_assets.mash.texts import KEY_SQL

#: Texts looked at first, times how much more each time, and at most.
_FIRST, _GROWTH, _MOST = 64, 8, 32_768
_BEHIND_SQL = """
SELECT count(*) FROM store.runs AS m FULL JOIN search.runs AS s USING (provider_run_id, database_sha256)
WHERE m.provider IS NULL OR s.run IS NULL
"""
Best = Callable[[int], list[tuple[int, int]]]


class Hit(NamedTuple):
    """A message that answers: `score` is BM25, `all_words` whether it has every word; `text` is for the terminal."""

    provider: str
    conversation_id: str
    message_id: str
    provider_run_id: str
    role: str
    created_at: datetime | None
    score: float
    all_words: bool
    text: str


def is_current(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether the index holds just the runs of the mash."""
    return exists(connection) and connection.execute(_BEHIND_SQL).fetchall() == [(0,)]


def find(
    connection: duckdb.DuckDBPyConnection, asked: str, *, limit: int = 10, filters: Filters | None = None
) -> list[Hit]:
    """Current messages by their text: those with all words first, then those with some, each by BM25.

    Equal scores: the newest first, then by ids. Of a question that more than 32,768 texts answer about equally well,
    those are looked at that came last.

    Args:
        connection: an open mash, read-only or not.
        asked: words; phrases in double quotes must stand in the text so.
        limit: messages at most.
        filters: which messages count.

    Raises:
        BadInput: no word was asked for, or the mash has no index of its runs.
    """
    question, filters = parsed(asked), filters or Filters()
    if not is_current(connection):
        raise BadInput("the mash has no index of its present runs", fix="make it: `moonshine search --reindex`")
    ranking = Ranking(connection, question, filters)
    found = _hits(connection, ranking.with_all, (*question.phrases, *ranking.unverified), filters, limit)
    if len(found) < limit and question.wanted:
        more = _hits(connection, ranking.with_any, question.phrases, filters, limit + len(found))
        known = {hit[:4] for hit in found}
        found += [hit._replace(all_words=False) for hit in more if hit[:4] not in known]
    return found[:limit]


def _hits(
    connection: duckdb.DuckDBPyConnection, best: Best, phrases: tuple[str, ...], filters: Filters, limit: int
) -> list[Hit]:
    count = max(_FIRST, 2 * limit)
    while True:
        picked = best(count)
        found = _current(connection, _texts(connection, picked, phrases), filters, limit, count)
        if len(found) >= limit or len(picked) < count or count >= _MOST:
            return found[:limit]
        count *= _GROWTH


def _texts(
    connection: duckdb.DuckDBPyConnection, picked: list[tuple[int, int]], phrases: tuple[str, ...]
) -> pl.DataFrame:
    """Columns text, score, text_key, place of the picked texts, of those that have the phrases; with `content` then."""
    if not picked:
        return pl.DataFrame(schema={"text": pl.UInt32, "score": pl.Int64, "text_key": pl.Int64, "place": pl.Int64})
    scores = pl.DataFrame(picked, schema={"text": pl.UInt32, "score": pl.Int64}, orient="row")
    listed = ", ".join(str(text) for text, _ in picked)
    known = connection.sql(f"SELECT text, text_key, place FROM search.texts WHERE text IN ({listed})").pl()  # noqa: S608 - numbers
    texts = scores.join(known, on="text")
    if not phrases:
        return texts
    contents = texts.join(_contents(connection, texts), on="text_key")
    return contents.filter(holds(contents["content"], phrases)).drop("content")


def _current(
    connection: duckdb.DuckDBPyConnection, texts: pl.DataFrame, filters: Filters, limit: int, each: int
) -> list[Hit]:
    """The current messages of some texts, best first, at most `limit`; of one text those of its `each` newest uses."""
    if texts.is_empty():
        return []
    condition, parameters = uses_condition(filters)
    listed = ", ".join(map(str, texts["text"]))
    uses = connection.sql(
        f"""
        SELECT u.text, s.provider_run_id, m.ingested_at, u.raw_index, u.position, u.created_at
        FROM search.uses AS u INNER JOIN search.runs AS s USING (run) INNER JOIN store.runs AS m USING (provider_run_id)
        WHERE u.text IN ({listed}) {"AND " * bool(condition)}{condition}
        QUALIFY row_number() OVER (
            PARTITION BY u.text ORDER BY u.run DESC, u.created_at DESC NULLS LAST, u.raw_index, u.position) <= {each}
        """,  # noqa: S608 - numbers and our own words
        params=parameters,
    ).pl()
    found = []
    for (run_id, ingested_at), of_run in uses.group_by("provider_run_id", "ingested_at"):
        # The time a run came prunes whole row groups: DuckDB's statistics know but eight bytes of a run id.
        rows = connection.sql(
            f"""
            SELECT provider, conversation_id, message_id, provider_run_id, role, created_at, raw_index, position,
                   {KEY_SQL} AS text_key
            FROM store.messages
            WHERE ingested_at = $ingested_at::TIMESTAMP AND provider_run_id = $run_id AND superseded_by IS NULL
              AND raw_index IN ({", ".join(map(str, of_run["raw_index"].unique()))})
              AND position IN ({", ".join(map(str, of_run["position"].unique()))}) AND {_at(of_run["created_at"])}
            """,  # noqa: S608 - numbers
            params={"ingested_at": ingested_at, "run_id": run_id},
        ).pl()
        wanted = of_run.join(texts, on="text").select("raw_index", "position", "text_key", "score", "place", "text")
        # Several files of an export may count from zero: a message is the one that has the text, too.
        found.append(rows.join(wanted, on=["raw_index", "position", "text_key"]))
    if not found:
        return []
    order = ["score", "created_at", "provider", "conversation_id", "message_id", "provider_run_id"]
    kept = (
        pl.concat(found)
        .sort(order, descending=[True, True, False, False, False, False], nulls_last=True)
        .unique(["provider", "conversation_id", "message_id", "provider_run_id"], keep="first", maintain_order=True)
        .head(limit)
    )
    shown = kept.join(_contents(connection, kept), on="text_key", maintain_order="left")
    return [
        Hit(**{**row, "score": row["score"] / 1_000_000, "all_words": True})
        for row in shown.select(*order, "role", text="content").iter_rows(named=True)
    ]


def _at(times: pl.Series) -> str:
    """Condition on created_at: the times of the messages that are wanted, so that few rows are read any further."""
    named = ", ".join(f"'{time.isoformat()}'::TIMESTAMP" for time in times.drop_nulls().unique())
    conditions = [f"created_at IN ({named})"] * bool(named) + ["created_at IS NULL"] * bool(times.null_count())
    return f"({' OR '.join(conditions)})"


def _contents(connection: duckdb.DuckDBPyConnection, texts: pl.DataFrame) -> pl.DataFrame:
    """Columns text_key and content of texts given by text_key and place; those not at their place are looked for."""
    places = texts["place"].drop_nulls().unique()
    known = pl.DataFrame(schema={"text_key": pl.Int64, "content": pl.String})
    if len(places):
        listed = ", ".join(map(str, places))
        at_place = f"SELECT text_key, text AS content FROM store.texts WHERE rowid IN ({listed})"  # noqa: S608 - numbers
        known = connection.sql(at_place).pl().filter(pl.col("text_key").is_in(texts["text_key"].unique().implode()))
    missing = texts["text_key"].unique().filter(~texts["text_key"].unique().is_in(known["text_key"].implode()))
    if len(missing):
        listed = ", ".join(map(str, missing))
        elsewhere = f"SELECT text_key, text AS content FROM store.texts WHERE text_key IN ({listed})"  # noqa: S608 - numbers
        known = pl.concat([known, connection.sql(elsewhere).pl()])
    return known.unique("text_key")
