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
_SHOWN = ("score", "created_at", "provider", "conversation_id", "message_id", "provider_run_id", "role")
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

    Equal scores: the newest first, then those of the run merged last, as they stand in it. Of a question that more
    than 32,768 texts answer about equally well, those are looked at that came last.

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
        found = _current(connection, _texts(connection, picked, phrases), filters, limit)
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


def _current(connection: duckdb.DuckDBPyConnection, texts: pl.DataFrame, filters: Filters, limit: int) -> list[Hit]:
    """The current messages of some texts, best first, at most `limit`."""
    if texts.is_empty():
        return []
    count = 2 * limit
    while True:
        uses = _uses(connection, texts, filters, count)
        found = _messages(connection, uses)
        if found.height >= limit or uses.height < count:
            break
        count *= _GROWTH
    kept = found.head(limit)
    shown = kept.join(_contents(connection, kept), on="text_key", maintain_order="left")
    return [
        Hit(**{**row, "score": row["score"] / 1_000_000, "all_words": True})
        for row in shown.select(*_SHOWN, text="content").iter_rows(named=True)
    ]


def _uses(connection: duckdb.DuckDBPyConnection, texts: pl.DataFrame, filters: Filters, count: int) -> pl.DataFrame:
    """The first `count` uses of some texts, superseded ones among them, in the order of answers.

    A text may be that of a million messages: DuckDB keeps the first ones while it scans, and sorts no more.
    """
    condition, parameters = uses_condition(filters)
    connection.register("search_picked", texts.to_arrow())
    listed = ", ".join(map(str, texts["text"]))
    found = connection.sql(
        f"""
        SELECT s.provider_run_id, m.ingested_at, u.raw_index, u.position, u.created_at, p.text_key, p.place, p.score
        FROM search.uses AS u INNER JOIN search_picked AS p USING (text) INNER JOIN search.runs AS s USING (run)
        INNER JOIN store.runs AS m USING (provider_run_id)
        WHERE u.text IN ({listed}) {"AND " * bool(condition)}{condition}
        ORDER BY p.score DESC, u.created_at DESC NULLS LAST, u.run DESC, u.raw_index, u.position LIMIT {count}
        """,  # noqa: S608 - numbers and our own words
        params=parameters,
    ).pl()
    connection.unregister("search_picked")
    return found.with_row_index("rank")


def _messages(connection: duckdb.DuckDBPyConnection, uses: pl.DataFrame) -> pl.DataFrame:
    """The current messages among some uses, in their order, each once."""
    queries, parameters = [], []
    for (run_id, ingested_at), of_run in uses.group_by("provider_run_id", "ingested_at", maintain_order=True):
        # The time a run came prunes whole row groups: DuckDB's statistics know but eight bytes of a run id.
        queries.append(
            f"""
            SELECT provider, conversation_id, message_id, provider_run_id, role, raw_index, position,
                   {KEY_SQL} AS text_key
            FROM store.messages
            WHERE ingested_at = ?::TIMESTAMP AND provider_run_id = ? AND superseded_by IS NULL
              AND raw_index IN ({", ".join(map(str, of_run["raw_index"].unique()))})
              AND position IN ({", ".join(map(str, of_run["position"].unique()))}) AND {_at(of_run["created_at"])}
            """  # noqa: S608 - numbers
        )
        parameters += [ingested_at, run_id]
    if not queries:
        return uses.clear()
    rows = connection.sql(" UNION ALL ".join(queries), params=parameters).pl()
    # Several files of an export may count from zero: a message is the one that has the text, too.
    place = ["provider_run_id", "raw_index", "position", "text_key"]
    return (
        uses.join(rows, on=place)
        .sort("rank", "provider", "conversation_id", "message_id")
        .unique(["provider", "conversation_id", "message_id", "provider_run_id"], keep="first", maintain_order=True)
    )


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
