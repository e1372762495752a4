"""Query contracts: questions anybody may put to the mash, each a SQL file that declares what its answer is.

The file's first comment lines are the declaration, in this order; the rest is the query:

    -- contract: <name, that of the file>
    -- question: <what it answers>
    -- column: <name> <DuckDB type>          one a result column, in order
    -- invariant: <SQL condition>            any number; true of the whole answer, which is called `result`
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import polars as pl

from moonshine_assets.errors import BadInput
from moonshine_assets.gates import Verdict, broken, held

FOLDER = Path(__file__).with_name("contracts")


class Contract(NamedTuple):
    """A query with what its answer must be: columns as (name, DuckDB type) and SQL conditions on it."""

    name: str
    question: str
    columns: tuple[tuple[str, str], ...]
    invariants: tuple[str, ...]
    query: str


def load(folder: Path = FOLDER) -> list[Contract]:
    """The contracts of a folder, by name.

    Raises:
        BadInput: a file does not declare its name, question and columns.
    """
    return [_parsed(path) for path in sorted(folder.glob("*.sql"))]


def run(connection: duckdb.DuckDBPyConnection, name: str) -> pl.DataFrame:
    """The answer of a contract's query on an open mash.

    Raises:
        BadInput: there is no such contract.
    """
    contracts = {contract.name: contract for contract in load()}
    if name not in contracts:
        raise BadInput(f"no query contract {name!r}", fix=f"there are {', '.join(contracts)}")
    return connection.sql(contracts[name].query).pl()


def query_contracts(connection: duckdb.DuckDBPyConnection, contracts: list[Contract] | None = None) -> Verdict:
    """Every contract's live answer has its declared columns and keeps its invariants.

    Args:
        connection: the mash.
        contracts: those to check; without them all that Moonshine has.
    """
    checked = load() if contracts is None else contracts
    offenders: list[dict[str, Any]] = []
    figures: dict[str, int | float | str] = {}
    for contract in checked:
        try:
            faults, figures[f"rows_{contract.name}"] = _faults(connection, contract)
        except duckdb.ProgrammingError as error:
            # A query the mash's tables no longer answer; the message names columns, never values.
            faults = [{"rule": "the query runs", "found": str(error).splitlines()[0]}]
        offenders += [{"contract": contract.name, **fault} for fault in faults]
    if offenders:
        return broken("query_contracts", f"{len(offenders)} promises of contracts are not kept", offenders, **figures)
    invariants = sum(len(contract.invariants) for contract in checked)
    return held("query_contracts", f"{len(checked)} contracts keep their {invariants} invariants", **figures)


def _faults(connection: duckdb.DuckDBPyConnection, contract: Contract) -> tuple[list[dict[str, Any]], int]:
    """What an answer breaks, and how many rows it has."""
    answer = connection.sql(contract.query)
    live = tuple((name, str(type_)) for name, type_ in zip(answer.columns, answer.types, strict=True))
    if live != contract.columns:
        return [{"rule": "result columns", "declared": _spelled(contract.columns), "found": _spelled(live)}], 0
    conditions = ", ".join(f"coalesce({condition}, false)" for condition in contract.invariants)
    ((rows, *kept),) = connection.execute(
        f"WITH result AS MATERIALIZED ({contract.query}) SELECT count(*), {conditions} FROM result"  # noqa: S608 - files of our own
    ).fetchall()
    broken_ones = [rule for rule, holds in zip(contract.invariants, kept, strict=True) if not holds]
    return [{"rule": rule} for rule in broken_ones], int(rows)


def _parsed(path: Path) -> Contract:
    declared: dict[str, list[str]] = {"contract": [], "question": [], "column": [], "invariant": []}
    lines = path.read_text("utf-8").splitlines()
    for line in lines:
        key, colon, value = line.removeprefix("-- ").partition(": ")
        if not line.startswith("-- ") or not colon or key not in declared:
            break
        declared[key].append(value.strip())
    if declared["contract"] != [path.stem] or len(declared["question"]) != 1 or not declared["column"]:
        raise BadInput(
            "a query contract declares its name (that of the file), one question and its columns",
            where=path.name,
            fix="see moonshine_assets/mash/contracts.py for the form",
        )
    columns = tuple((name, type_) for name, _, type_ in (column.partition(" ") for column in declared["column"]))
    query = "\n".join(lines[sum(map(len, declared.values())) :]).strip()
    return Contract(path.stem, declared["question"][0], columns, tuple(declared["invariant"]), query)


def _spelled(columns: tuple[tuple[str, str], ...]) -> str:
    return ", ".join(f"{name} {type_}" for name, type_ in columns)
