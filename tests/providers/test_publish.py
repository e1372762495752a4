"""The final file name is the gate: whole and read-only, or not there."""

from __future__ import annotations

from pathlib import Path

import pytest
from exporting import chatgpt, write
from intake import Intake, content_hash, query

from moonshine_assets.errors import Corruption, GateFailed
from moonshine_assets.gates import require
from moonshine_assets.providers.publish import publish_database, write_provenance
from moonshine_assets.providers.source import read_lock
from moonshine_resources.atomic import read_json, sha256_file
from moonshine_resources.duckdb import connect
from moonshine_resources.home import RunPaths


@pytest.fixture
def draft(intake: Intake, tmp_path: Path) -> RunPaths:
    return intake.drafted(write(tmp_path / "conversations.json", [chatgpt("one"), chatgpt("two")]))


def published(run: RunPaths) -> dict[str, object]:
    return publish_database(run, read_lock(run), "2026-01-31T12:00:00Z")


def test_a_published_database_is_read_only_and_its_manifest_says_which_bytes_it_is(draft: RunPaths) -> None:
    manifest = published(draft)
    assert not draft.database_draft.exists()
    assert draft.database.stat().st_mode & 0o222 == 0
    assert manifest == read_json(draft.provenance)
    assert manifest["database_sha256"] == sha256_file(draft.database)
    assert manifest["source_sha256"] == read_lock(draft)["source_sha256"]
    assert manifest["rows"] == {
        "conversations": 2,
        "messages": 4,
        "blocks": 4,
        "attachments": 0,
        "texts": 2,
        "quarantine": 0,
    }
    assert {path.name for path in draft.reports.iterdir()} == {
        "source_lock.json",
        "provenance_manifest.json",
        draft.database.name,
    }


def test_a_published_database_is_never_replaced(intake: Intake, draft: RunPaths) -> None:
    published(draft)
    before = sha256_file(draft.database)
    intake.drafted(Path(read_lock(draft)["location"]))
    with pytest.raises(GateFailed, match="a published one is never replaced"):
        published(draft)
    assert sha256_file(draft.database) == before


def test_a_draft_with_part_of_it_in_its_log_is_not_published(draft: RunPaths) -> None:
    draft.database_draft.with_name(draft.database_draft.name + ".wal").write_bytes(b"rest")
    with pytest.raises(GateFailed, match="the draft is not whole"):
        published(draft)
    assert not draft.database.exists()


def test_a_draft_that_is_not_there_is_not_published(draft: RunPaths) -> None:
    draft.database_draft.unlink()
    with pytest.raises(GateFailed, match="the draft is not whole"):
        published(draft)


def test_writing_the_manifest_again_changes_nothing(draft: RunPaths) -> None:
    published(draft)
    before = draft.provenance.read_bytes()
    write_provenance(draft, read_lock(draft), "2027-01-01T00:00:00Z")
    assert draft.provenance.read_bytes() == before


def test_a_crash_before_the_manifest_is_mended_by_writing_it(draft: RunPaths) -> None:
    published(draft)
    draft.provenance.unlink()
    manifest = write_provenance(draft, read_lock(draft), "2026-01-31T12:00:00Z")
    assert manifest["database_sha256"] == sha256_file(draft.database)


def test_damage_to_a_published_database_is_named_wherever_it_is_met(draft: RunPaths) -> None:
    published(draft)
    whole = draft.database.read_bytes()
    right = content_hash(draft.database)
    damaged = draft.database.with_name("damaged.db")
    met = 0
    for place in range(0, len(whole), max(1, len(whole) // 25)):
        for data in (whole[:place] + bytes(64) + whole[place + 64 :], whole[:place]):
            damaged.write_bytes(data)
            try:
                assert content_hash(damaged) == right
            except Corruption as corruption:
                met += 1
                assert "damaged.db" in corruption.where and corruption.fix
    assert met > 25


def test_a_folder_whose_name_holds_the_word_lock_has_no_lock(tmp_path: Path) -> None:
    with (
        pytest.raises(Corruption, match="DuckDB cannot read the file"),
        connect(tmp_path / "block lock" / "none.db", read_only=True),
    ):
        pass


def test_gates_that_do_not_hold_are_all_named(intake: Intake, draft: RunPaths) -> None:
    intake.change_draft(draft, "UPDATE store.messages SET role = 'robot', provider = 'nobody'")
    with pytest.raises(GateFailed, match=r"gate schema: .*; gate provider_coverage: .*nothing was published"):
        require(list(intake.gates(draft).values()), where=draft.run_id)


def test_what_people_query_shows_the_text(draft: RunPaths) -> None:
    published(draft)
    assert query(draft.database, "SELECT text FROM messages WHERE conversation_id = 'one' ORDER BY position") == [
        ("How far is the moon?",),
        ("About 384,400 km.",),
    ]
