"""A conversation that is forgotten is nowhere any more, stays out, and everything else is as if it had never been."""

from __future__ import annotations

import shutil
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from exporting import chatgpt, claude, write, write_zip
from intake import query
from mash.runs import content

from forget.children import WORDS
from forget.homes import MOMENT, counted, forget, merge_again, merged, said
from moonshine_assets.archive.drill import restore_drill
from moonshine_assets.archive.restore import restore_in_place, restore_snapshot
from moonshine_assets.archive.run_archive import archive_faults, archive_run
from moonshine_assets.archive.snapshot import archived_first
from moonshine_assets.errors import BadInput, Corruption
from moonshine_assets.exports.forgotten import Conversation, bury, entries, exhume, tombstone
from moonshine_assets.exports.register import register
from moonshine_assets.forget.forget import plan
from moonshine_assets.forget.needles import ID, Needle
from moonshine_assets.forget.search import in_inbox, search
from moonshine_assets.mash.gates import mash_gates
from moonshine_assets.providers.source import secure
from moonshine_resources.atomic import read_json
from moonshine_resources.duckdb import connect
from moonshine_resources.home import Home

SECRET = "secret-1a2b3c4d-conversation"
SAID = ("Where did I bury the copper kettle?", "Under the third apple tree behind the boathouse.")
LATER = MOMENT + timedelta(days=1)


def members(*, later: bool = False) -> dict[str, object]:
    """A ChatGPT export with ratings, a picture and a list of shared chats; the later one has more."""
    more = ("And the lid?", "In the cellar of the old mill, beside the winter apples.")
    talks = [
        chatgpt("tea-11111111", ("Is green tea bitter?", "Only when the water boils.")),
        chatgpt(SECRET, SAID + more if later else SAID, updated=1.8e9 if later else 1.7e9),
        chatgpt("moon-22222222"),
        *([chatgpt("late-33333333", ("Is it late?", "It is, for a walk."))] if later else []),
    ]
    talks[1]["mapping"][f"{SECRET}-0"]["message"]["metadata"] = {
        "attachments": [{"id": "file-Map12345", "name": "map.png", "mimeType": "image/png", "size": 4}]
    }
    return {
        "conversations.json": talks,
        "message_feedback.json": [
            {"id": f"{SECRET}-1", "conversation_id": SECRET, "rating": "thumbs_up", "content": "{}"},
            {"id": "moon-22222222-1", "conversation_id": "moon-22222222", "rating": "thumbs_up", "content": "{}"},
        ],
        "shared_conversations.json": [{"id": "shared-1", "conversation_id": SECRET, "title": "Talk of the kettle"}],
        "file-Map12345-map.png": b"\x89PNG",
        "user.json": {"id": "user-1"},
    }


def without(members: dict[str, object]) -> dict[str, object]:
    """The export as it would be if the conversation had never been."""
    talks = [talk for talk in members["conversations.json"] if talk["id"] != SECRET]
    return {
        **{name: value for name, value in members.items() if not name.startswith("file-")},
        "conversations.json": talks,
        "message_feedback.json": members["message_feedback.json"][1:],
        "shared_conversations.json": [],
    }


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two exports of one account and one of another provider, merged; the exports lie beside the home."""
    base = tmp_path_factory.mktemp("filled")
    home = Home.at(base / "home")
    merged(home, write_zip(base / "first.zip", members()), WORDS)
    merged(home, write(base / "claude.json", [claude("other-1", ("Rain?", "All week."))]), WORDS)
    merged(home, write_zip(base / "second.zip", members(later=True)), WORDS, LATER)
    return base


@pytest.fixture
def place(filled: Path, tmp_path: Path) -> Path:
    shutil.copytree(filled, tmp_path / "place")
    return tmp_path / "place"


@pytest.fixture(scope="module")
def forgotten_once(filled: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("forgotten") / "place"
    shutil.copytree(filled, place)
    assert forget(Home.at(place / "home"), f"chatgpt/{SECRET}", counter=WORDS) == []
    return place


@pytest.fixture
def after(forgotten_once: Path, tmp_path: Path) -> Path:
    shutil.copytree(forgotten_once, tmp_path / "after")
    return tmp_path / "after"


def needles() -> list[Needle]:
    return [Needle(ID, SECRET), *(Needle("text", text) for text in (*SAID, "the old mill", "Map12345", "the kettle"))]


def test_the_search_finds_it_in_every_kind_of_file_before(filled: Path) -> None:
    found = {place.file.relative_to(filled / "home").parts[0] for place in search(Home.at(filled / "home"), needles())}
    assert found == {"archive", "reports"}
    raw = [place.inside for place in search(Home.at(filled / "home"), needles()) if place.file.suffix == ".zip"]
    assert {"conversations.json", "message_feedback.json", "shared_conversations.json"} <= set(raw)


def test_no_file_holds_it_any_more(forgotten_once: Path) -> None:
    home = Home.at(forgotten_once / "home")
    assert search(home, needles()) == []
    assert not home.forget_work.exists()
    assert not home.forget_intent.exists()


def test_the_rest_is_as_if_it_had_never_been(forgotten_once: Path, tmp_path: Path) -> None:
    home, never = Home.at(forgotten_once / "home"), Home.at(tmp_path / "never")
    merged(never, write_zip(tmp_path / "first.zip", without(members())), WORDS)
    merged(never, write(tmp_path / "claude.json", [claude("other-1", ("Rain?", "All week."))]), WORDS)
    merged(never, write_zip(tmp_path / "second.zip", without(members(later=True))), WORDS, LATER)
    assert said(home) == said(never)
    for table in ("conversations", "messages", "blocks", "texts", "attachments"):
        hidden = "source_file_sha256, source_path" if table != "texts" else "text"
        rows = f"SELECT * EXCLUDE ({hidden}) FROM store.{table} ORDER BY ALL"
        if table == "texts":
            rows = "SELECT content_sha256, tokens FROM store.texts ORDER BY ALL"
        assert query(home.mash, rows) == query(never.mash, rows), table
    for run in ("chatgpt_20260201_120000", "chatgpt_20260202_120000"):
        ours, theirs = read_json(home.run(run).ledger), read_json(never.run(run).ledger)
        counters = ("content_tokens_non_system", "content_tokens_cleaned", "raw_json_tokens")
        assert [ours[name] for name in counters] == [theirs[name] for name in counters]
    with connect(home.mash, read_only=True) as connection:
        assert all(verdict.passed for verdict in mash_gates(connection))


def test_receipts_balance_and_say_what_was_forgotten(forgotten_once: Path) -> None:
    run = Home.at(forgotten_once / "home").run("chatgpt_20260201_120000")
    rows = query(
        run.database,
        "SELECT member, member_role, conversations_in, conversations_written, conversations_forgotten,"
        " bytes_forgotten > 0 FROM store.receipts ORDER BY member",
    )
    assert ("conversations.json", "conversations", 3, 2, 1, True) in rows
    assert ("(forgotten)", "forgotten", 0, 0, 0, True) in rows, "the picture, without its name"
    assert ("message_feedback.json", "sidecar", 0, 0, 0, True) in rows
    given = sum(row[0] for row in query(run.database, "SELECT bytes_total FROM store.receipts"))
    with_all = write_zip(forgotten_once.parent / "given.zip", members())
    assert given == sum(info.file_size for info in zipfile.ZipFile(with_all).infolist())


def test_manifests_say_from_which_database_it_was_forgotten(filled: Path, forgotten_once: Path) -> None:
    before = Home.at(filled / "home").run("chatgpt_20260201_120000")
    run = Home.at(forgotten_once / "home").run("chatgpt_20260201_120000")
    told, was = read_json(run.provenance), read_json(before.provenance)
    assert told["forgotten"]["from"] == [was["database_sha256"]]
    assert told["forgotten"]["conversations"] == 1
    assert told["source_sha256"] == was["source_sha256"]
    assert archive_faults(run) == []
    assert SECRET not in (Home.at(forgotten_once / "home").tombstones).read_text()
    (entry,) = entries(Home.at(forgotten_once / "home"))
    assert entry["run_ids"] == ["chatgpt_20260201_120000", "chatgpt_20260202_120000"]


def test_the_same_export_again_is_the_same_run_and_brings_nothing(after: Path) -> None:
    home = Home.at(after / "home")
    before = content(home.mash)
    run = counted(home, after / "first.zip", WORDS, LATER)
    assert run.run_id == "chatgpt_20260201_120000"
    assert merge_again(home, run) == 0
    assert content(home.mash) == before
    assert search(home, needles()) == []


def test_a_newer_export_comes_without_it(after: Path) -> None:
    home = Home.at(after / "home")
    newer = members(later=True)
    newer["conversations.json"].append(chatgpt("new-44444444", ("Snow?", "On the hills.")))
    merged(home, write_zip(after / "third.zip", newer), WORDS, LATER + timedelta(days=1))
    assert said(home)["new-44444444"] == ("Snow?", "On the hills.")
    assert SECRET not in said(home)
    assert search(home, needles()) == []


def test_an_export_of_nothing_else_is_refused_and_not_kept(after: Path) -> None:
    home = Home.at(after / "home")
    run = home.run(register(home, write(after / "only.json", [chatgpt(SECRET, SAID)]), moment=LATER).run_id)
    with pytest.raises(BadInput, match=r"only\.json: every conversation of this export was forgotten"):
        secure(run)
    assert search(home, needles()) == []


def test_a_snapshot_from_before_restores_without_it(after: Path) -> None:
    home = Home.at(after / "home")
    restored = restore_snapshot(home, "chatgpt_20260202_120000", after / "restored.db")
    assert restored["runs"] == ["chatgpt_20260201_120000", "claude_20260201_120000"]
    assert query(after / "restored.db", "SELECT count(*) FROM store.conversations") == [(3,)]
    assert restore_drill(home).passed
    assert archived_first(home, "chatgpt_20260202_120000").passed


@pytest.mark.slow
def test_files_put_back_from_a_backup_bring_nothing_back(filled: Path, after: Path) -> None:
    home = Home.at(after / "home")
    shutil.copytree(filled / "home/archive/main", after / "home/archive/main", dirs_exist_ok=True)
    restore_snapshot(home, "chatgpt_20260202_120000", after / "restored.db")
    assert query(after / "restored.db", "SELECT count(*) FROM store.conversations") == [(3,)]
    shutil.copytree(filled / "home/archive/chatgpt", after / "home/archive/chatgpt", dirs_exist_ok=True)
    before = content(home.mash)
    with pytest.raises(Corruption, match="no archived database has the SHA-256"):
        restore_in_place(home, "chatgpt_20260202_120000", LATER)
    assert content(home.mash) == before
    for run_id in ("chatgpt_20260201_120000", "chatgpt_20260202_120000"):
        archive_run(home.run(run_id), "2026-02-03T12:00:00Z")
    restore_in_place(home, "chatgpt_20260202_120000", LATER)
    assert query(home.mash, "SELECT conversation_id FROM store.conversations ORDER BY 1") == [
        ("moon-22222222",),
        ("other-1",),
        ("tea-11111111",),
    ]


@pytest.mark.slow
def test_a_run_of_nothing_else_goes_as_a_whole_and_a_mash_kept_aside_loses_it_too(place: Path) -> None:
    home = Home.at(place / "home")
    only = merged(home, write(place / f"{SECRET}.json", [chatgpt(SECRET, SAID)]), WORDS, LATER + timedelta(days=1))
    later = merged(home, write(place / "last.json", [chatgpt("end-55555555")]), WORDS, LATER + timedelta(days=2))
    restore_in_place(home, later.run_id, LATER)
    (aside,) = home.main.glob("moonshine_mash_before_restore_*.db")
    assert forget(home, f"chatgpt/{SECRET}", counter=WORDS) == []
    assert search(home, needles()) == []
    assert not only.reports.exists()
    assert not only.archive.exists()
    assert query(aside, "SELECT count(*) FROM store.runs") == [(4,)], "all but the one that went"
    assert (only.run_id,) not in query(home.mash, "SELECT provider_run_id FROM store.runs")
    restored = restore_snapshot(home, later.run_id, place / "restored.db")
    assert restored["runs"] == [run for (run,) in query(home.mash, "SELECT provider_run_id FROM store.runs ORDER BY 1")]
    assert restore_drill(home).passed


def test_the_inbox_is_named_and_not_touched(after: Path) -> None:
    home = Home.at(after / "home")
    given = home.inbox / "first.zip"
    given.parent.mkdir()
    shutil.copy(after / "first.zip", given)
    assert in_inbox(home, needles()) == [given]
    assert search(home, needles()) == []


def test_what_is_nowhere_cannot_be_forgotten(place: Path) -> None:
    home = Home.at(place / "home")
    with pytest.raises(BadInput, match="there is no such conversation in this home"):
        plan(home, [Conversation("chatgpt", "nobody-knows-it")])
    with pytest.raises(BadInput, match="'chatgtp' is no provider"):
        plan(home, [Conversation("chatgtp", SECRET)])


def test_a_tombstone_outlives_a_later_forgetting_that_fails(home: Home) -> None:
    once, again = Conversation("chatgpt", SECRET), Conversation("chatgpt", "tea-11111111")
    bury(home, [once], "2026-02-01T12:00:00Z")
    bury(home, [once, again], "2026-03-01T12:00:00Z")
    exhume(home, [once, again], "2026-03-01T12:00:00Z")
    assert [entry["conversation_sha256"] for entry in entries(home)] == [tombstone(*once)]


def test_what_cannot_be_done_changes_nothing(place: Path) -> None:
    """A database that was edited: nobody knows what of it would be lost."""
    home = Home.at(place / "home")
    run = home.run("chatgpt_20260201_120000")
    run.database.chmod(0o644)
    with connect(run.database, read_only=False) as connection:
        connection.execute("UPDATE store.messages SET status = 'edited' WHERE conversation_id = 'tea-11111111'")
    before = content(home.mash)
    with pytest.raises(Corruption, match="the published database has SHA-256"):
        forget(home, f"chatgpt/{SECRET}", counter=WORDS)
    assert content(home.mash) == before
    assert not home.forget_intent.exists()
    assert not home.forget_work.exists()
    assert entries(home) == []
