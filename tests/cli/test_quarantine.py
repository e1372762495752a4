"""What was not taken in can be seen, got out byte for byte, and read again once an adapter knows it."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import pytest
from exporting import chatgpt, write
from intake import files_of, query
from terminal import Said, copied, environment, files_under, in_process, mash_hash, moonshine

from moonshine_assets.cli.summaries import run_ids
from moonshine_assets.exports.register import source_record, source_sha256
from moonshine_assets.providers.replay import register_replay
from moonshine_assets.providers.source import read_lock
from moonshine_resources.home import Home
from moonshine_resources.tokenizer import TokenCounter

#: `moonshine` as it was when the adapter knew less: it could not read one conversation and one node, took the time of
#: another a day late, and did not know a whole export for what it is.
OLDER = """
import json, sys
from moonshine_assets.errors import Unreadable
from moonshine_assets.exports.adapters import chatgpt
from moonshine_assets.exports.records import BadNode

present_parse, present_claim = chatgpt.parse, chatgpt.claim

def parse(data, context):
    parsed = present_parse(data, context)
    if parsed.conversation_id == "late":
        raise Unreadable("a content type that is not known")
    if parsed.conversation_id == "node":
        node = parsed.nodes.pop()
        raw = json.dumps(json.loads(bytes(data))["mapping"][node.node_id]).encode()
        parsed.bad_nodes.append(BadNode(node.node_id, "node of a kind that is not known", raw))
    if parsed.conversation_id == "clock":
        parsed.updated_at += 86_400_000_000
    return parsed

def claim(element):
    return None if element.get("conversation_id") == "unclaimed" else present_claim(element)

chatgpt.parse, chatgpt.claim = parse, claim
from moonshine_assets.cli.moonshine import main
main(sys.argv[1:])
"""
HOPELESS = {"title": "x", "conversation_id": "hopeless"}
LATE = chatgpt("late", ("What is new?", "A kind of content."))
EXPORT = [
    chatgpt("plain"),
    LATE,
    chatgpt("node"),
    chatgpt("clock"),
    HOPELESS,
    chatgpt("copy", updated=1.6e9),
    chatgpt("copy"),
]


class Older(NamedTuple):
    """A home that an older version filled, and the two exports it was given."""

    home: Home
    export: Path
    unclaimed: Path
    said: Said

    @property
    def run_id(self) -> str:
        return run_ids(self.home)[0]


class Replayed(NamedTuple):
    """The same home after the replay, as it was before, and what was said."""

    before: Home
    home: Home
    said: Said
    old: str
    new: str


def as_older(*words: str | Path, home: Home) -> Said:
    command = [sys.executable, "-c", OLDER, *map(str, words), "--home", str(home.root)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment(), check=False)
    return Said(done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="module")
def older(tmp_path_factory: pytest.TempPathFactory) -> Older:
    folder = tmp_path_factory.mktemp("older")
    export = write(folder / "conversations.json", EXPORT)
    unclaimed = write(folder / "other.json", [chatgpt("unclaimed", ("A secret sentence", "Kept"))])
    home = Home.at(folder / "home")
    return Older(home, export, unclaimed, as_older("run", export, unclaimed, home=home))


@pytest.fixture(scope="module")
def replayed(older: Older, tmp_path_factory: pytest.TempPathFactory) -> Replayed:
    home = copied(older, tmp_path_factory.mktemp("replayed") / "home")
    said = moonshine("quarantine", "replay", older.run_id, home=home)
    (new,) = set(run_ids(home)) - {older.run_id}
    return Replayed(older.home, home, said, older.run_id, new)


def listed(home: Home, *words: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(in_process("quarantine", "list", *words, "--json", home=home).out)
    return found


def ids_by_unit(home: Home, run_id: str) -> dict[str, list[int]]:
    """Quarantined pieces of a run by what they are; the hopeless conversation goes by its reason."""
    found: dict[str, list[int]] = {}
    for row in listed(home, run_id):
        name = "hopeless" if "neither a mapping" in str(row["reason"]) else str(row["unit"])
        found.setdefault(name, []).append(int(str(row["quarantine_id"])))
    return found


def test_the_list_names_every_piece_with_its_place(older: Older) -> None:
    assert older.said.code == 2
    data = older.export.read_bytes()
    found = [row for row in listed(older.home) if row["unit"] == "conversation"]
    assert [(row["run"], row["member"], row["index"]) for row in found] == [
        (older.run_id, "conversations.json", 1),
        (older.run_id, "conversations.json", 4),
    ]
    for row in found:
        start, end = int(str(row["start"])), int(str(row["end"]))
        assert row["size"] == end - start
        shown = moonshine_bytes("show", older.run_id, str(row["quarantine_id"]), "--raw", home=older.home)
        assert shown == data[start:end]


def moonshine_bytes(*words: str, home: Home) -> bytes:
    command = [sys.executable, "-m", "moonshine_assets.cli.moonshine", "quarantine", *words, "--home", str(home.root)]
    return subprocess.run(command, capture_output=True, env=environment(), check=True).stdout


def test_a_table_is_for_people(older: Older) -> None:
    said = moonshine("quarantine", "list", home=older.home)
    assert (said.code, said.errors) == (0, [])
    assert "a content type that is not known" in said.out and "conversations.json #1, bytes" in said.out
    assert "unit: conversation" in moonshine("quarantine", "show", older.run_id, "0", home=older.home).out


def test_an_empty_home_has_nothing_in_quarantine(home: Home) -> None:
    said = in_process("quarantine", "list", home=home)
    assert (said.code, said.out) == (0, "nothing is in quarantine\n")


@pytest.mark.parametrize(
    "words",
    [("show", "RUN", "99"), ("show", "RUN"), ("replay", "RUN", "99"), ("replay", "chatgpt_20200101_000000")],
    ids=" ".join,
)
def test_what_is_not_there_is_one_line_and_exit_code_2(older: Older, words: tuple[str, ...]) -> None:
    said = in_process("quarantine", *(older.run_id if word == "RUN" else word for word in words), home=older.home)
    assert (said.code, len(said.errors)) == (2, 1)


def test_a_dry_run_says_what_would_parse_and_changes_nothing(older: Older) -> None:
    before = files_of(older.home)
    said = in_process("quarantine", "replay", older.run_id, "--dry-run", "--json", home=older.home)
    assert said.code == 0
    parses = {row["quarantine_id"]: row["parses"] for row in json.loads(said.out)}
    units = ids_by_unit(older.home, older.run_id)
    expected = {units["conversation"][0]: True, units["node"][0]: True}
    assert parses == expected | {units["hopeless"][0]: False, units["older_copy"][0]: False}
    assert "2 of 4 would parse; nothing was changed" in said.err
    assert files_of(older.home) == before


def test_pieces_that_still_do_not_parse_change_nothing(older: Older) -> None:
    before, held = files_of(older.home), mash_hash(older.home)
    units = ids_by_unit(older.home, older.run_id)
    hopeless = [str(units["hopeless"][0]), str(units["older_copy"][0])]
    said = in_process("quarantine", "replay", older.run_id, *hopeless, home=older.home)
    assert (said.code, said.errors) == (0, [])
    assert "nothing parses better than before; nothing was changed" in said.out
    assert (files_of(older.home), mash_hash(older.home)) == (before, held)


def test_a_replay_is_a_new_run_of_the_same_source(replayed: Replayed) -> None:
    assert (replayed.said.code, replayed.said.errors) == (0, [])
    old, new = (read_lock(replayed.home.run(run_id)) for run_id in (replayed.old, replayed.new))
    assert new["replay_of"] == replayed.old and "replay_of" not in old
    assert (new["source_sha256"], new["source_path"]) == (old["source_sha256"], "conversations.json")
    assert source_record(replayed.home, old["source_sha256"]) == new


def test_the_old_run_is_as_it_was_to_the_byte(replayed: Replayed) -> None:
    before, after = (files_under([home.run(replayed.old).reports]) for home in (replayed.before, replayed.home))
    assert sorted(before.values()) == sorted(after.values())
    databases = [home.run(replayed.old).database.read_bytes() for home in (replayed.before, replayed.home)]
    assert databases[0] == databases[1]


def test_what_parses_now_is_current_in_the_mash_and_nothing_is_there_twice(replayed: Replayed) -> None:
    current = query(replayed.home.mash, "SELECT conversation_id, provider_run_id FROM main.conversations ORDER BY ALL")
    assert current == [(name, replayed.new) for name in ("clock", "copy", "late", "node", "plain")]
    superseded = (
        "SELECT DISTINCT provider_run_id, superseded_by FROM store.conversations WHERE superseded_by IS NOT NULL"
    )
    assert query(replayed.home.mash, superseded) == [(replayed.old, replayed.new)]
    assert query(replayed.home.mash, "SELECT count(*) FROM main.messages") == [(10,)]


def test_the_receipt_of_the_replay_balances_with_what_is_still_unreadable(replayed: Replayed) -> None:
    (receipt,) = query(
        replayed.home.run(replayed.new).database,
        "SELECT conversations_in, conversations_written, conversations_duplicate, conversations_quarantined,"
        " nodes_quarantined FROM store.receipts",
    )
    assert receipt == (7, 5, 1, 1, 0)
    assert [row["reason"] for row in listed(replayed.home, replayed.new) if row["unit"] == "node"] == []


@pytest.mark.parametrize("which", ["old", "new"])
def test_replaying_again_changes_nothing(replayed: Replayed, which: str) -> None:
    before, held = files_of(replayed.home), mash_hash(replayed.home)
    said = in_process("quarantine", "replay", getattr(replayed, which), home=replayed.home)
    assert said.code == 0
    assert f"{replayed.new}: nothing parses better than before; nothing was changed" in said.out
    assert (files_of(replayed.home), mash_hash(replayed.home)) == (before, held)


def test_a_replay_that_was_interrupted_is_completed(older: Older, tmp_path: Path, counter: TokenCounter) -> None:
    home = copied(older, tmp_path / "home")
    begun = register_replay(home, older.run_id, moment=datetime(2027, 1, 1, tzinfo=UTC))
    older.export.rename(tmp_path / "gone.json")
    try:
        said = in_process("quarantine", "replay", older.run_id, home=home, counter=counter)
    finally:
        (tmp_path / "gone.json").rename(older.export)
    assert (said.code, said.errors) == (0, [])
    assert set(run_ids(home)) == {older.run_id, begun.run_id}
    current = query(home.mash, "SELECT DISTINCT provider_run_id FROM main.conversations")
    assert current == [(begun.run_id,)]


def test_an_export_nobody_knew_is_listed_with_its_shape_and_no_text(older: Older) -> None:
    sha256 = source_sha256(older.unclaimed)
    (row,) = [row for row in listed(older.home) if row["unit"] == "export"]
    assert (row["run"], row["member"], row["size"]) == (sha256, "other.json", older.unclaimed.stat().st_size)
    report = older.home.sources / f"{sha256}.shape.json"
    assert row["shape_report"] == str(report)
    assert "secret" not in report.read_text()
    assert f"reports/sources/{sha256}.shape.json" in str(row["reason"])
    assert f"reports/sources/{sha256}.shape.json" in older.said.err
    assert moonshine_bytes("show", sha256, "--raw", home=older.home) == older.unclaimed.read_bytes()


def test_a_refused_export_is_taken_in_once_it_is_known(older: Older, tmp_path: Path, counter: TokenCounter) -> None:
    home = copied(older, tmp_path / "home")
    sha256 = source_sha256(older.unclaimed)
    older.unclaimed.rename(tmp_path / "gone.json")
    try:
        dry = in_process("quarantine", "replay", sha256, "--dry-run", home=home)
        assert (dry.code, run_ids(home)) == (0, run_ids(older.home))
        said = in_process("quarantine", "replay", sha256, home=home, counter=counter)
    finally:
        (tmp_path / "gone.json").rename(older.unclaimed)
    assert (said.code, said.errors) == (0, [])
    assert query(home.mash, "SELECT count(*) FROM main.conversations WHERE conversation_id = 'unclaimed'") == [(1,)]
    assert [row for row in listed(home) if row["unit"] == "export"] == []


def test_a_refused_export_that_is_still_unknown_stays_refused(
    home: Home, tmp_path: Path, counter: TokenCounter
) -> None:
    path = write(tmp_path / "notes.json", [{"note": "words", "pinned": True}])
    first = in_process("run", path, home=home, counter=counter)
    assert (first.code, len(first.errors)) == (2, 1)
    again = in_process("quarantine", "replay", source_sha256(path), home=home)
    assert (again.code, again.errors) == (2, first.errors)
