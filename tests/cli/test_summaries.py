"""`status`, `ledger`, `receipts`: the same figures for people and as JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from terminal import BUNDLED, Ran

from moonshine_assets.cli.moonshine import main
from moonshine_assets.cli.summaries import SHOWN_FILES, folded, run_ids
from moonshine_assets.lanes.build import LANES
from moonshine_assets.ledger.record import COUNTERS
from moonshine_assets.tables.receipts import RECEIPT_COUNTS
from moonshine_resources.atomic import read_json, write_json
from moonshine_resources.home import Home


def said(home: Path, *words: str) -> Result:
    return CliRunner().invoke(main, [*words, "--home", str(home)])


def as_json(ran: Ran, *words: str) -> Any:
    result = said(ran.home.root, *words, "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    return json.loads(result.stdout)


def test_status_tells_where_everything_stands(ran_home: Ran) -> None:
    found = as_json(ran_home, "status")
    assert list(found) == ["home", "runs", "refused", "mash", "ledger", "lanes", "retention"]
    assert found["home"] == str(ran_home.home.root)
    assert {run["source"] for run in found["runs"]} == set(BUNDLED)
    assert {run["state"] for run in found["runs"]} == {"merged"}
    assert all({"run", "shape", "conversations", "messages"} <= run.keys() for run in found["runs"])
    assert list(found["ledger"]) == list(COUNTERS)
    assert [lane["lane"] for lane in found["lanes"]] == list(LANES)
    assert all(Path(lane["folder"]).is_dir() for lane in found["lanes"])


def test_the_ledger_is_the_canonical_file(ran_home: Ran) -> None:
    assert as_json(ran_home, "ledger") == read_json(ran_home.home.token_ledger)


def test_receipts_hold_every_count_of_every_run(ran_home: Ran) -> None:
    found = as_json(ran_home, "receipts")
    assert {row["run"] for row in found} == set(run_ids(ran_home.home))
    assert all({"run", "file", *RECEIPT_COUNTS, "categories"} == row.keys() for row in found)
    one = run_ids(ran_home.home)[0]
    assert as_json(ran_home, "receipts", one) == [row for row in found if row["run"] == one]


@pytest.mark.parametrize("command", ["status", "ledger", "receipts"])
def test_people_are_shown_the_same_figures(ran_home: Ran, command: str) -> None:
    shown = said(ran_home.home.root, command).stdout
    ledger = read_json(ran_home.home.token_ledger)
    expected = {
        "status": [*run_ids(ran_home.home), *COUNTERS, *LANES],
        "ledger": [*COUNTERS, *(f"{ledger[name]:,}" for name in COUNTERS)],
        "receipts": [*run_ids(ran_home.home), "conversations.json", "conversations-000.json"],
    }
    assert [text for text in expected[command] if text not in shown] == []


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (["status"], 0, "no runs yet"),
        (["receipts"], 0, "no published runs yet"),
        (["ledger"], 2, "there is no ledger yet"),
        (["receipts", "nonsense"], 2, "'nonsense' is not a run id"),
        (["receipts", "chatgpt_20200101_000000"], 2, "no such run"),
    ],
)
def test_an_empty_home_is_told_kindly(tmp_path: Path, words: list[str], code: int, text: str) -> None:
    result = said(tmp_path, *words)
    assert result.exit_code == code
    assert text in (result.stderr if code else result.stdout)


def test_an_empty_home_is_valid_json_too(tmp_path: Path) -> None:
    assert json.loads(said(tmp_path, "receipts", "--json").stdout) == []
    assert json.loads(said(tmp_path, "status", "--json").stdout)["runs"] == []


def test_reading_an_empty_home_creates_nothing(tmp_path: Path) -> None:
    home = tmp_path / "none"
    for words in (["status"], ["receipts"], ["ledger"], ["query", "SELECT 1"]):
        said(home, *words)
    assert not home.exists()


def test_the_many_files_of_a_log_are_one_row_for_people() -> None:
    counts = dict.fromkeys(RECEIPT_COUNTS, 1)
    few = [{"run": "chatgpt_1", "file": f"{rank}.json", **counts} for rank in range(SHOWN_FILES)]
    many = [{"run": "codex_1", "file": f"{rank}.jsonl", **counts} for rank in range(SHOWN_FILES + 1)]
    shown = folded([*few, *many])
    assert shown[:-1] == few
    assert shown[-1] == {"run": "codex_1", "file": "31 files", **dict.fromkeys(RECEIPT_COUNTS, 31)}


def test_runs_are_listed_by_time_whatever_their_provider_is_called(home: Home) -> None:
    later, earlier = "claude_code_20260201_120000", "qwen_20260101_120000"
    for run_id in (later, earlier):
        write_json(home.run(run_id).lock, {})
    assert run_ids(home) == [earlier, later]
