"""`moonshine run`: what it takes in, what it refuses, what it says, and what it must never say."""

from __future__ import annotations

import os
import shutil
import sqlite3
from pathlib import Path
from typing import NamedTuple

import pytest
from exporting import chatgpt, claude, write
from intake import query
from terminal import Ran, Said, copied, files_under, in_process, mash_hash, moonshine

from moonshine_assets.cli.summaries import run_ids, status
from moonshine_resources.duckdb import connect
from moonshine_resources.home import Home
from moonshine_resources.tokenizer import TokenCounter
from moonshine_resources.tokenizer.vocabulary import CACHE_NAME

#: In every message, title, name and damaged piece of the exports below; must never be said or logged.
MARKER = "Zwetschgenkuchen"
STRICT = """
extends = "default"
name = "strict"

[band]
kind = "absolute"
low = 90_000_000
high = 110_000_000
minimum_cleaned_tokens = 0
"""


class Mixed(NamedTuple):
    home: Home
    said: Said


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Mixed:
    """A folder of exports, good and bad, and a folder that is one export itself, in one command."""
    base = tmp_path_factory.mktemp("mixed")
    words = (f"Who bakes the {MARKER}?", f"The {MARKER} is baked by Jo.", f"No, the {MARKER} is not.", "Then by Kim.")
    several, one = base / "several", base / "one export"
    write(several / "good.json", [chatgpt("good", words), {"mapping": f"{MARKER}", "id": MARKER}])
    write(several / "cut off.json", ('[{"title": "' + MARKER + '", "mapping": {').encode())
    write(several / "sidecar.json", {"note": MARKER})
    write(several / ".hidden.json", b"not looked at")
    write(one / "conversations.json", [claude("other", words)])
    write(one / "users.json", [{"uuid": "account-1", "full_name": MARKER}])
    odd = base / "odd names"
    write(odd / os.fsdecode(b"\xff.json"), [chatgpt("never", words)])
    home = Home.at(base / "home")
    return Mixed(home, moonshine("run", base / "absent.zip", odd, several, one, home=home))


def test_bad_input_among_good_ends_with_2_and_the_good_is_merged(mixed: Mixed) -> None:
    assert mixed.said.code == 2
    found = status(mixed.home)
    assert {run["source"]: run["state"] for run in found["runs"]} == {"good.json": "merged", "one export": "merged"}
    assert {record["source"] for record in found["refused"]} == {"cut off.json", "sidecar.json"}


def test_each_refusal_is_one_line_with_file_reason_and_what_to_do(mixed: Mixed) -> None:
    assert mixed.said.err.splitlines() == mixed.said.errors
    names = ["absent.zip", "odd names", "cut off.json", "sidecar.json"]
    assert len(mixed.said.errors) == len(names)
    for name, line in zip(names, mixed.said.errors, strict=True):
        where, reason = line.removeprefix("error: ").split(": ", 1)
        assert name in where
        assert all(reason.split("; ", 1))


def test_a_folder_stands_for_its_exports_and_an_export_folder_for_itself(mixed: Mixed) -> None:
    counted = query(mixed.home.mash, "SELECT source_path, conversations, messages FROM store.runs ORDER BY ALL")
    assert counted == [("good.json", 1, 4), ("one export", 1, 4)]


def test_no_text_of_an_export_is_ever_said_or_logged(mixed: Mixed) -> None:
    texts = query(mixed.home.mash, "SELECT count(*) FROM store.texts WHERE contains(text, ?)", MARKER)
    assert texts[0][0] > 0
    assert MARKER not in mixed.said.out + mixed.said.err
    logged = sorted(path for path in mixed.home.dagster.rglob("*") if path.is_file())
    assert any(path.parent.name == "runs" for path in logged)
    assert any("compute_logs" in path.parts for path in logged)
    assert [path for path in logged if MARKER.encode() in path.read_bytes()] == []
    assert [path for path in logged if path.suffix == ".db" and _mentions(path, MARKER)] == []


def _mentions(database: Path, text: str) -> bool:
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
        return any(text in line for line in connection.iterdump())


def test_nothing_to_take_in_says_where_to_put_an_export(tmp_path: Path) -> None:
    said = moonshine("run", home=tmp_path / "home")
    assert said.code == 2
    assert said.out == ""
    assert said.err == (
        f"error: {tmp_path}/home/exports: nothing to take in; give a path, or put an export into this folder\n"
    )


def test_only_bad_input_ends_with_2_and_one_line(tmp_path: Path, counter: TokenCounter) -> None:
    said = in_process("run", write(tmp_path / "empty.zip", b""), home=Home.at(tmp_path / "home"), counter=counter)
    assert said.code == 2
    assert said.out == ""
    assert len(said.errors) == 1


def test_a_policy_that_does_not_exist_ends_with_2(tmp_path: Path, ran_home: Ran) -> None:
    home = copied(ran_home, tmp_path / "home")
    said = in_process("run", "--policy", "no-such-policy", home=home)
    assert said.code == 2
    assert len(said.errors) == 1
    assert "no-such-policy" in said.errors[0]
    assert said.out == ""
    assert mash_hash(home) == mash_hash(ran_home.home)


def test_a_band_that_cannot_be_met_is_a_red_gate_and_changes_nothing_accepted(
    tmp_path: Path, ran_home: Ran, counter: TokenCounter
) -> None:
    home = copied(ran_home, tmp_path / "home")
    policy = tmp_path / "strict.toml"
    policy.write_text(STRICT)
    said = in_process("run", "--policy", policy, home=home, counter=counter)
    assert said.code == 1
    assert len(said.errors) == 1
    assert "gate token_band on distilled_slice: " in said.errors[0]
    assert "90,000,000 to 110,000,000" in said.errors[0]
    assert mash_hash(home) == mash_hash(ran_home.home)
    accepted = {name.removeprefix(str(home.root)): data for name, data in files_under([home.reports]).items()}
    before = files_under([ran_home.home.reports])
    # The mash is cleaned by the policy before its gate is asked, so the record of its file says something else.
    told = {
        "/reports/main/distillation_runs.json",
        "/reports/main/mash_check.json",
        "/reports/handoff/distilled_slice.json",
    }
    assert {name for name, data in before.items() if accepted[name.removeprefix(str(ran_home.home.root))] != data} <= {
        f"{ran_home.home.root}{name}" for name in told
    }


def test_an_edited_run_database_is_a_red_gate_that_names_the_file(
    tmp_path: Path, ran_home: Ran, counter: TokenCounter
) -> None:
    home = copied(ran_home, tmp_path / "home")
    run = next(home.run(found["run"]) for found in status(home)["runs"] if found["source"] == "chatgpt-shards.zip")
    run.database.chmod(0o644)
    with connect(run.database, read_only=False) as connection:
        connection.execute(
            "DELETE FROM store.messages WHERE record_uid ="
            " (SELECT min(record_uid) FROM store.messages WHERE raw_member = 'conversations-001.json')"
        )
    run.provenance.unlink()
    said = in_process("run", ran_home.exports / "chatgpt-shards.zip", home=home, counter=counter)
    assert said.code == 1
    assert len(said.errors) == 1
    assert f"gate receipt_balances on chatgpt/provider_db ({run.run_id}): " in said.errors[0]
    assert "member conversations-001.json, visible_not_written 1" in said.errors[0]
    assert f"{run.run_id}: refused, the mash keeps what it had" in said.out
    assert not run.provenance.exists()
    assert mash_hash(home) == mash_hash(ran_home.home)


def test_a_wrong_vocabulary_stops_the_run_and_stays_as_it_is(tmp_path: Path) -> None:
    home = Home.at(tmp_path / "home")
    vocabulary = home.vocabulary_cache / CACHE_NAME
    write(vocabulary, b"not the vocabulary\n")
    write(home.inbox / "good.json", [chatgpt("good")])
    said = moonshine("run", home=home)
    assert said.code == 1
    assert len(said.errors) == 1
    assert said.errors[0].startswith(f"error: {vocabulary}: the vocabulary file has SHA-256 ")
    assert vocabulary.read_bytes() == b"not the vocabulary\n"
    assert not home.mash.exists()
    assert not home.run(run_ids(home)[0]).database.exists()
    shutil.move(vocabulary, tmp_path / "moved away")
    again = moonshine("run", home=home)
    assert (again.code, again.err) == (0, "")
    assert query(home.mash, "SELECT messages FROM store.runs") == [(2,)]
