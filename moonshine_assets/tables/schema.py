"""What a column and a table are, and the four things made from them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pandera.polars as pa_pl
import polars as pl
import pyarrow as pa

#: DuckDB type → (Arrow type, Polars type). Only what the tables use.
_TYPES: dict[str, tuple[pa.DataType, type[pl.DataType] | pl.DataType]] = {
    "VARCHAR": (pa.string(), pl.String()),
    "JSON": (pa.string(), pl.String()),
    "BOOLEAN": (pa.bool_(), pl.Boolean()),
    "INTEGER": (pa.int32(), pl.Int32()),
    "BIGINT": (pa.int64(), pl.Int64()),
    "DOUBLE": (pa.float64(), pl.Float64()),
    "TIMESTAMP": (pa.timestamp("us"), pl.Datetime("us")),
    "BLOB": (pa.binary(), pl.Binary()),
    "VARCHAR[]": (pa.list_(pa.string()), pl.List(pl.String())),
}

_SHA256 = r"^[0-9a-f]{64}$"


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Args:
        name: column name.
        type: DuckDB type, one of the keys of the type map above.
        doc: what it holds, with its unit.
        nullable: whether NULL is allowed.
        one_of: closed set of allowed values, if the column is an enumeration.
        at_least: smallest allowed number.
        sha256: the column holds a lower-case hex SHA-256.
        long: holds long texts; stored with zstd, which DuckDB writes in half the time of its own choice and in half
            the space (50 MB of prose: 0.7 against 1.6 CPU s, 19 against 36 MB).
    """

    name: str
    type: str
    doc: str
    nullable: bool = False
    one_of: tuple[str, ...] = ()
    at_least: int | None = None
    sha256: bool = False
    long: bool = False

    def pandera(self) -> pa_pl.Column:
        """The pandera column: type, nullability and value checks."""
        checks = []
        if self.one_of:
            checks.append(pa_pl.Check.isin(list(self.one_of)))
        if self.at_least is not None:
            checks.append(pa_pl.Check.ge(self.at_least))
        if self.sha256:
            checks.append(pa_pl.Check.str_matches(_SHA256))
        return pa_pl.Column(_TYPES[self.type][1], checks=checks, nullable=self.nullable, required=True)

    def constraints(self) -> list[str]:
        """The same rules as words, for the UI and the docs."""
        rules = [] if self.nullable else ["not null"]
        if self.one_of:
            rules.append("one of " + ", ".join(self.one_of))
        if self.at_least is not None:
            rules.append(f">= {self.at_least}")
        if self.sha256:
            rules.append("hex SHA-256")
        return rules


@dataclass(frozen=True, slots=True)
class Table:
    """A table: name, meaning, columns and the columns that identify a row."""

    name: str
    doc: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]

    @property
    def column_names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    def ddl(self, schema: str = "store") -> str:
        """`CREATE TABLE IF NOT EXISTS` statement; no primary key, uniqueness is a check (DAGSTER-FACTS 1d)."""
        lines = [
            f'    "{column.name}" {column.type}{" USING COMPRESSION zstd" if column.long else ""}'
            f"{'' if column.nullable else ' NOT NULL'}"
            for column in self.columns
        ]
        return f"CREATE TABLE IF NOT EXISTS {schema}.{self.name} (\n" + ",\n".join(lines) + "\n)"

    def arrow(self, names: Iterable[str] | None = None) -> pa.Schema:
        """Arrow schema of all columns, or of those named, in table order."""
        wanted = set(names) if names is not None else set(self.column_names)
        return pa.schema([(c.name, _TYPES[c.type][0]) for c in self.columns if c.name in wanted])

    def only(self, columns: Iterable[Column]) -> Table:
        """The same table with some of its columns."""
        return Table(self.name, self.doc, tuple(columns), self.key)

    def pandera(self, *, unique_key: bool = True) -> pa_pl.DataFrameSchema:
        """Strict pandera schema. Give it DataFrames: a LazyFrame would skip the data checks.

        Args:
            unique_key: also demand that the key is unique (in a database, a GROUP BY does that in less memory).
        """
        return pa_pl.DataFrameSchema(
            {column.name: column.pandera() for column in self.columns},
            strict=True,
            unique=list(self.key) if unique_key else None,
            name=self.name,
        )

    def markdown(self) -> str:
        """The table as a Markdown section, for docs and the UI."""
        rows = [
            f"### {self.name}\n\n{self.doc} Key: {', '.join(self.key)}.\n",
            "| column | type | rule | meaning |",
            "|---|---|---|---|",
        ]
        rows += [f"| {c.name} | {c.type} | {', '.join(c.constraints())} | {c.doc} |" for c in self.columns]
        return "\n".join(rows)
