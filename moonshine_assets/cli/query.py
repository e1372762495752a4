"""Read-only questions to the mash: a named contract or one SQL statement."""

from __future__ import annotations

import re

import duckdb
import polars as pl

from moonshine_assets.errors import BadInput
from moonshine_assets.mash.contracts import load
from moonshine_resources.duckdb import connect
from moonshine_resources.home import Home

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_SHOWN_ROWS = 100


def answer(home: Home, name_or_sql: str) -> pl.DataFrame:
    """The result of a named query, or of one SQL statement, on the mash opened read-only.

    Files and the network are out of its reach: the connection can read the mash and nothing else.

    Raises:
        BadInput: no mash, no such name, or SQL DuckDB refuses.
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
            relation = connection.sql(text)
            return relation.pl() if relation is not None else pl.DataFrame()
        except duckdb.Error as error:
            raise BadInput(
                f"DuckDB refuses the query: {str(error).splitlines()[0]}", fix="the mash can only be read here"
            ) from error


def render(frame: pl.DataFrame, form: str) -> str:
    """A frame as table (at most 100 rows), json or csv."""
    if form == "json":
        return frame.write_json()
    if form == "csv":
        return frame.write_csv().rstrip("\n")
    with pl.Config(
        tbl_rows=_SHOWN_ROWS, tbl_cols=-1, tbl_width_chars=200, fmt_str_lengths=80, tbl_hide_column_data_types=True
    ):
        return str(frame)
