"""The queries behind the page: each is a file, asked once, and shown with its first rows."""

from __future__ import annotations

import re
from datetime import date, datetime
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from moonshine_assets.errors import Corruption

_QUERIES = Path(__file__).with_name("queries")
_QUESTION = re.compile(r"\A-- question: (.+)\n")
#: So many rows stand under a query on the page.
SHOWN_ROWS = 10


class Fact(NamedTuple):
    """A query with its answer; `rows` are in the query's order."""

    name: str
    question: str
    sql: str
    columns: list[str]
    rows: list[dict[str, Any]]

    @property
    def shown(self) -> list[list[str]]:
        """The first rows as words."""
        return [[_word(row[name]) for name in self.columns] for row in self.rows[:SHOWN_ROWS]]


def ask(connection: duckdb.DuckDBPyConnection, name: str) -> Fact:
    """The answer to `queries/<name>.sql`.

    Raises:
        Corruption: the file does not begin with its question.
    """
    text = (_QUERIES / f"{name}.sql").read_text("utf-8")
    question = _QUESTION.match(text)
    if question is None:
        raise Corruption("does not begin with `-- question: …`", where=f"{name}.sql", fix="add that line")
    sql = text[question.end() :].strip()
    cursor = connection.execute(sql)
    columns = [column[0] for column in cursor.description or []]
    rows = [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]
    return Fact(name, question[1], sql, columns, rows)


def _word(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.4g}"
    if isinstance(value, datetime | date):
        return value.isoformat(sep=" ") if isinstance(value, datetime) else value.isoformat()
    return str(value)
