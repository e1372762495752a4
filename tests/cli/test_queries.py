"""`moonshine query`: named questions and SQL in three forms; nothing but reading the mash."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from terminal import Ran, mash_hash, moonshine

from moonshine_assets.cli.moonshine import main
from moonshine_assets.mash.contracts import load

SOME_OF_EVERY_TYPE = """
SELECT [1, 2] AS numbers, {'a': [true]} AS struct, MAP {'k': 1} AS map, 'ab'::BLOB AS bytes, sum(7) AS huge,
       INTERVAL 1 DAY AS span, 'infinity'::TIMESTAMP AS forever, 'nan'::DOUBLE AS nan, 1.5 AS decimal, NULL AS nothing,
       uuid() AS uuid, '101'::BIT AS bits, union_value(k := 1) AS either, 1 AS twice, 2 AS twice
"""
REFUSED = {
    "writes": "DELETE FROM store.texts",
    "creates": "CREATE TABLE notes (a INTEGER)",
    "drops": "DROP TABLE store.texts",
    "reads a file": "SELECT * FROM read_csv('/etc/passwd')",
    "reads a file by its name": "SELECT * FROM '/etc/passwd'",
    "reads a text": "SELECT * FROM read_text('/etc/passwd')",
    "lists files": "SELECT * FROM glob('/etc/*')",
    "reads the network": "SELECT * FROM read_csv('http://127.0.0.1:9/x.csv')",
    "writes a file": "COPY (SELECT 1) TO '/tmp/never.csv'",
    "exports": "EXPORT DATABASE '/tmp/never'",
    "attaches": "ATTACH '/tmp/never.db'",
    "sets": "SET enable_external_access = true",
    "sets by pragma": "PRAGMA enable_external_access = true",
    "unlocks": "SET lock_configuration = false",
    "resets": "RESET memory_limit",
    "installs": "INSTALL httpfs",
    "loads": "LOAD '/tmp/never.duckdb_extension'",
    "hides a second statement": "SELECT 1; DELETE FROM store.texts",
    "gives two": "SELECT 1; SELECT 2",
    "gives none": " ",
    "is no SQL": "SELEC 1",
    "names a query there is not": "no_such_query",
}


def asked(ran: Ran, *words: str) -> Result:
    return CliRunner().invoke(main, ["query", *words, "--home", str(ran.home.root)])


@pytest.mark.parametrize("what", REFUSED)
def test_sql_is_refused_when_it(ran_home: Ran, what: str) -> None:
    result = asked(ran_home, REFUSED[what])
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith("error: ")
    assert result.stderr.count("\n") == 1


def test_what_was_refused_has_done_nothing(ran_home: Ran) -> None:
    before = mash_hash(ran_home.home)
    for text in REFUSED.values():
        asked(ran_home, text)
    assert mash_hash(ran_home.home) == before
    assert [name for name in ("never.csv", "never", "never.db") if Path("/tmp", name).exists()] == []


@pytest.mark.parametrize("name", [contract.name for contract in load()])
def test_named_queries_answer_in_every_form(ran_home: Ran, name: str) -> None:
    found = json.loads(asked(ran_home, name, "--json").stdout)
    lines = list(csv.reader(io.StringIO(asked(ran_home, name, "--csv").stdout)))
    table = asked(ran_home, name).stdout
    contract = next(contract for contract in load() if contract.name == name)
    names = [column for column, _ in contract.columns]
    assert found
    assert lines[0] == names == list(found[0])
    assert len(lines) == len(found) + 1
    assert f"shape: ({len(found)}, {len(names)})" in table


def test_every_type_can_be_printed(ran_home: Ran) -> None:
    assert asked(ran_home, SOME_OF_EVERY_TYPE).exit_code == 0
    assert asked(ran_home, SOME_OF_EVERY_TYPE, "--csv").exit_code == 0
    (row,) = json.loads(asked(ran_home, SOME_OF_EVERY_TYPE, "--json").stdout)
    assert row["numbers"] == [1, 2]
    assert row["bytes"] == "6162"
    assert (row["huge"], row["decimal"]) == (7, 1.5)
    assert (row["nan"], row["nothing"]) == (None, None)
    assert (row["twice"], row["twice_14"]) == (1, 2)


@pytest.mark.parametrize("table", ["conversations", "messages", "blocks", "attachments", "quarantine", "receipts"])
@pytest.mark.parametrize("form", ["--json", "--csv", None])
def test_whole_tables_can_be_printed(ran_home: Ran, table: str, form: str | None) -> None:
    result = asked(ran_home, f"FROM {table}", *([form] if form else []))
    assert (result.exit_code, result.stderr) == (0, "")


def test_control_characters_do_not_reach_the_terminal(ran_home: Ran) -> None:
    assert "\x1b" not in asked(ran_home, "SELECT chr(27) || '[31mred' AS text").stdout


def test_the_list_names_every_query(ran_home: Ran) -> None:
    listed = asked(ran_home, "--list")
    assert listed.exit_code == 0
    assert all(contract.name in listed.stdout for contract in load())
    assert asked(ran_home).exit_code == 2


def test_the_list_says_what_each_answers_and_with_which_columns(ran_home: Ran) -> None:
    found = json.loads(asked(ran_home, "--list", "--json").stdout)
    assert [(one["name"], one["answers"]) for one in found] == [(one.name, one.question) for one in load()]
    assert [[(column["name"], column["type"]) for column in one["columns"]] for one in found] == [
        list(one.columns) for one in load()
    ]


def test_a_home_without_a_mash_says_what_to_do(tmp_path: Path) -> None:
    said = moonshine("query", "SELECT 1", home=tmp_path)
    assert said.code == 2
    assert said.err == (
        f"error: {tmp_path}/reports/main/moonshine_mash_active.db: the mash is empty;"
        " take in an export first: `moonshine run PATH`\n"
    )


def test_the_command_itself_answers(ran_home: Ran) -> None:
    said = moonshine("query", "SELECT count(*) AS n FROM messages", "--json", home=ran_home.home)
    assert (said.code, said.err) == (0, "")
    assert json.loads(said.out)[0]["n"] > 0
