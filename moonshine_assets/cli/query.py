"""Read-only questions to the mash: a named contract or one SQL statement."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from decimal import Decimal
from typing import Any, NamedTuple

import duckdb
import polars as pl

from moonshine_assets.cli.printable import printable
from moonshine_assets.errors import BadInput
from moonshine_assets.mash.contracts import load
from moonshine_assets.mash.give_way import giving_way
from moonshine_resources.duckdb import connect
from moonshine_resources.home import Home

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_SHOWN_ROWS = 100
_SHOWN_COLUMNS = 16
_INT64 = range(-(2**63), 2**63)


class Answer(NamedTuple):
    """Column names and rows, values as DuckDB gives them to Python."""

    columns: list[str]
    rows: list[tuple[Any, ...]]


def listed() -> list[dict[str, Any]]:
    """The named queries: name, what each answers, and its columns with their types."""
    return [
        {
            "name": contract.name,
            "answers": contract.question,
            "columns": [{"name": name, "type": type_} for name, type_ in contract.columns],
        }
        for contract in load()
    ]


def answer(home: Home, name_or_sql: str) -> Answer:
    """The result of a named query, or of one SQL statement, on the mash opened read-only.

    Files and the network are out of its reach: the connection can read the mash and nothing else.

    Raises:
        BadInput: no mash, no such name, or SQL DuckDB refuses.
        Busy: another process writes the mash, or has been waiting to.
    """
    if not home.mash.exists():
        raise BadInput("the mash is empty", where=str(home.mash), fix="take in an export first: `moonshine run PATH`")
    named = {contract.name: contract.query for contract in load()}
    text = name_or_sql.strip()
    if _NAME.fullmatch(text):
        if text not in named:
            raise BadInput(f"no query is named {text!r}", fix="`moonshine query --list` shows the names")
        text = named[text]
    with connect(home.mash, read_only=True) as connection:
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        try:
            statements = connection.extract_statements(text)
            if len(statements) != 1:
                raise BadInput(f"{len(statements)} SQL statements were given", fix="give one")
            with giving_way(connection, home.mash_lock):
                connection.execute(statements[0])
                return Answer(_distinct([column[0] for column in connection.description or []]), connection.fetchall())
        except duckdb.Error as error:
            raise BadInput(
                f"DuckDB refuses the query: {str(error).splitlines()[0]}", fix="the mash can only be read here"
            ) from error


def render(found: Answer, form: str) -> str:
    """An answer as table (at most 100 rows and 16 columns are shown), json (a list of objects) or csv; bytes as hex."""
    rows = [tuple(_plain(value) for value in row) for row in found.rows]
    if form == "json":
        return json.dumps([dict(zip(found.columns, row, strict=True)) for row in rows], ensure_ascii=False)
    if form == "csv":
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(found.columns)
        writer.writerows([_cell(value) for value in row] for row in rows)
        return out.getvalue().rstrip("\n")
    columns = {name: _series([row[number] for row in rows]) for number, name in enumerate(found.columns)}
    with pl.Config(
        tbl_rows=_SHOWN_ROWS,
        tbl_cols=_SHOWN_COLUMNS,
        tbl_width_chars=200,
        fmt_str_lengths=80,
        tbl_hide_column_data_types=True,
    ):
        return str(pl.DataFrame(columns))


def _distinct(names: list[str]) -> list[str]:
    """Column names as SQL gives them, repeated ones numbered."""
    return [name if name not in names[:number] else f"{name}_{number}" for number, name in enumerate(names)]


def _plain(value: Any) -> Any:
    """A value as JSON can hold it."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float | Decimal):
        number = float(value)
        return number if math.isfinite(number) else None
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return str(value)


def _cell(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value


def _series(values: list[Any]) -> pl.Series:
    """A column of the table: numbers as numbers, everything else in one line of text."""
    present = [value for value in values if value is not None]
    if all(type(value) is int and value in _INT64 for value in present) or all(type(v) is float for v in present):
        return pl.Series(values)
    return pl.Series(
        [None if v is None else printable(" ".join(str(_cell(v)).split())) for v in values], dtype=pl.String
    )
