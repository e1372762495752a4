"""`moonshine rollback` and `verify`: the run goes, everything made of the mash follows, and it can come again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

import pytest
from intake import query
from terminal import Ran, Said, copied, in_process

from moonshine_assets.cli.summaries import run_ids, status
from moonshine_assets.mash.content import content_hash
from moonshine_assets.mash.schema import CONTENT_TABLES
from moonshine_resources.atomic import read_json
from moonshine_resources.duckdb import connect
from moonshine_resources.home import Home
from moonshine_resources.tokenizer import TokenCounter

OUTSIDE = "run_ledger_outside_the_mash"
RUNS = "SELECT provider_run_id FROM store.runs ORDER BY 1"


class RolledBack(NamedTuple):
    home: Home
    run_id: str
    said: Said


@pytest.fixture(scope="module")
def rolled_back(ran_home: Ran, counter: TokenCounter, tmp_path_factory: pytest.TempPathFactory) -> RolledBack:
    """A home out of whose mash the claude run was taken."""
    home = copied(ran_home, tmp_path_factory.mktemp("rollback") / "home")
    (run_id,) = (run_id for run_id in run_ids(home) if run_id.startswith("claude_"))
    return RolledBack(home, run_id, in_process("rollback", run_id, "--reason", "a test", home=home, counter=counter))


def content(home: Home) -> str:
    with connect(home.mash, read_only=True) as connection:
        return content_hash(connection, CONTENT_TABLES)


def test_the_run_goes_and_lanes_ledger_and_reports_are_made_anew(rolled_back: RolledBack) -> None:
    home, run_id, said = rolled_back
    assert (said.code, said.err) == (0, "")
    assert f"{run_id}: rolled back" in said.out
    assert all(run_id not in row for row in query(home.mash, RUNS))
    assert read_json(home.merge_manifest)["merges"][-1]["operation"] == "rollback"
    record = read_json(home.reconciliation)
    assert run_id not in [run["run_id"] for run in record["runs"]]
    outside = {entry["run_id"] for entry in record["mismatches"] if entry["comparison"] == OUTSIDE}
    assert outside == {run_id}
    assert read_json(home.validation_manifest)["passed"] is True
    assert {row["run"]: row["state"] for row in status(home)["runs"]}[run_id] == "rolled back"


def test_it_comes_again_when_its_export_is_given_and_not_by_itself(
    rolled_back: RolledBack, ran_home: Ran, counter: TokenCounter, tmp_path: Path
) -> None:
    home = copied(Ran(rolled_back.home, ran_home.exports, rolled_back.said), tmp_path / "home")
    home.inbox.mkdir(exist_ok=True)
    export = ran_home.exports / "claude-export.zip"
    (home.inbox / export.name).write_bytes(export.read_bytes())
    said = in_process("run", home=home, counter=counter)
    assert f"{rolled_back.run_id}: rolled back before, left out" in said.out
    assert content(home) == content(rolled_back.home)
    said = in_process("run", export, home=home, counter=counter)
    assert said.code == 0
    # Its time in the mash is another one; everything else is as it was.
    assert query(home.mash, RUNS) == query(ran_home.home.mash, RUNS)
    assert read_json(home.merge_manifest)["merges"][-1]["reason"] == "merged again after a rollback"


@pytest.mark.parametrize(
    ("run_id", "said"),
    [("chatgpt_20200101_000000", "the run is not in the mash"), ("everything", "is not a run id")],
)
def test_runs_that_are_not_there_are_refused(ran_home: Ran, run_id: str, said: str) -> None:
    answered = in_process("rollback", run_id, home=ran_home.home)
    assert (answered.code, len(answered.errors)) == (2, 1)
    assert said in answered.errors[0]


def test_verify_tells_which_rule_is_broken(ran_home: Ran, tmp_path: Path) -> None:
    home = copied(ran_home, tmp_path / "home")
    whole = in_process("verify", "--json", home=home)
    assert whole.code == 0
    assert {gate["gate"]: gate["holds"] for gate in json.loads(whole.out)} == dict.fromkeys(
        ("mash_schema", "provider_coverage", "mash_integrity", "reconciliation", "citations"), True
    )
    page = home.status_page.read_text("utf-8")
    home.status_page.write_text(page.replace("| runs in the mash | ", "| runs in the mash | 1"), "utf-8")
    with connect(home.mash, read_only=False) as connection:
        connection.execute("UPDATE store.texts SET tokens = tokens + 1")
    broken = in_process("verify", "--json", home=home)
    assert broken.code == 1
    offenders = {gate["gate"]: gate["offenders"] for gate in json.loads(broken.out) if not gate["holds"]}
    assert "token_count_differs" in str(offenders["mash_integrity"])
    assert [offender["problem"] for offender in offenders["citations"]] == ["the status block was edited by hand"]
