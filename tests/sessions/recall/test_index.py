"""The index has every text once, finds each of them, and is made anew when it is lost, damaged or behind."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from moonshine_assets.errors import GateFailed
from moonshine_assets.sessions.archive import archive_session
from moonshine_assets.sessions.contracts import ArchiveRecord
from moonshine_assets.sessions.projection import parts_of
from moonshine_assets.sessions.recall import Indexed, index_archive, rebuild_index, recall, verify_index
from moonshine_assets.sessions.recall.passages import entries
from moonshine_assets.sessions.settings import Settings
from moonshine_resources.home import Home
from sessions.logs import NOW, claude_said, live, write

TOLD = Settings()


def archived(home: Home, folder: Path, texts: list[str], session_id: str = "s1") -> ArchiveRecord:
    path = write(folder / f"{session_id}.jsonl", [claude_said(number, text) for number, text in enumerate(texts)])
    return archive_session(home, TOLD, live("claude_code", path, session_id), NOW + len(texts))


def found(home: Home, query: str) -> list[str]:
    return [match.snippet.split("\n")[0] for match in recall(home, TOLD, query).matches]


def test_only_what_is_new_is_added(home: Home, tmp_path: Path) -> None:
    record = archived(home, tmp_path, ["the aardvark"])
    assert index_archive(home, record) == Indexed(parts=1, passages=1)
    assert index_archive(home, record) == Indexed(parts=0, passages=0)
    record = archived(home, tmp_path, ["the aardvark", "a beaver", "a capybara"])
    assert index_archive(home, record) == Indexed(parts=1, passages=2)
    assert found(home, "beaver") == ["a beaver"]


def test_an_indexed_archive_is_found_by_a_word_few_others_have(home: Home, tmp_path: Path) -> None:
    index_archive(home, archived(home, tmp_path, ["common words here", "common again"], "s0"))
    record = archived(home, tmp_path, ["common words", "common zyzzyva"])
    with pytest.raises(GateFailed, match="does not find"):
        verify_index(home, record)
    index_archive(home, record)
    assert verify_index(home, record) == "zyzzyva"


def test_a_session_in_which_nothing_was_said_has_nothing_to_find(home: Home, tmp_path: Path) -> None:
    path = write(tmp_path / "s2.jsonl", [{"type": "mode", "sessionId": "s2"}])
    record = archive_session(home, TOLD, live("claude_code", path, "s2"), NOW)
    index_archive(home, record)
    assert verify_index(home, record) == ""


@pytest.mark.parametrize("harm", ["gone", "garbage", "cut", "older", "words", "wal"])
def test_a_lost_or_damaged_index_is_made_anew_from_the_texts(home: Home, tmp_path: Path, harm: str) -> None:
    first = archived(home, tmp_path, ["the aardvark " * 200], "s0")
    second = archived(home, tmp_path, ["a beaver"])
    index_archive(home, first)
    index_archive(home, second)
    path = home.recall_index
    data = path.read_bytes()
    if harm == "gone":
        path.unlink()
    elif harm == "garbage":
        path.write_bytes(b"no database" * 100)
    elif harm == "cut":
        path.write_bytes(data[: len(data) // 2])
    elif harm == "wal":
        path.with_name("recall.sqlite-wal").write_bytes(b"\xff" * 5_000)
    else:
        connection = sqlite3.connect(path)
        connection.execute("PRAGMA user_version = 0" if harm == "older" else "DROP TABLE words")
        connection.execute("PRAGMA user_version = 77" if harm == "older" else "SELECT 1")
        connection.commit()
        connection.close()
    assert found(home, "beaver") == ["a beaver"]
    third = archived(home, tmp_path, ["a beaver", "a capybara"])
    index_archive(home, third)
    assert verify_index(home, third) == "capybara"
    assert verify_index(home, first)


def test_texts_that_a_crash_kept_from_the_index_are_found_all_the_same(home: Home, tmp_path: Path) -> None:
    index_archive(home, archived(home, tmp_path, ["the aardvark"], "s0"))
    archived(home, tmp_path, ["a beaver"])
    assert found(home, "beaver") == ["a beaver"]


def test_a_text_that_was_made_anew_replaces_the_one_before(home: Home, tmp_path: Path) -> None:
    record = archived(home, tmp_path, ["the aardvark"])
    index_archive(home, record)
    (part,) = parts_of(home, record)
    part.write_text(part.read_text().replace("aardvark", "beaver and more"))
    assert index_archive(home, record).parts == 1
    assert (found(home, "aardvark"), found(home, "beaver")) == ([], ["the beaver and more"])


def test_a_killed_writer_leaves_the_index_as_it_was(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index_archive(home, archived(home, tmp_path, ["the aardvark"], "s0"))
    record = archived(home, tmp_path, ["a beaver", "a capybara"])

    def dying(data: bytes) -> object:
        yield from list(entries(data))[:1]
        raise KeyboardInterrupt

    monkeypatch.setattr("moonshine_assets.sessions.recall.index.entries", dying)
    with pytest.raises(KeyboardInterrupt):
        index_archive(home, record)
    monkeypatch.undo()
    with pytest.raises(GateFailed):
        verify_index(home, record)
    assert index_archive(home, record).parts == 1
    assert verify_index(home, record) in ("beaver", "capybara")


def test_passages_are_whole_lines_where_they_stand() -> None:
    heading = "## user · 2027-01-15T05:00:01Z · 2027-01-15 16:00:01 AEDT · line 2 · id u1"
    long = "x" * 2_500 + " ü " + "y" * 4_000
    lines = [
        "---",
        "session: 1",
        "---",
        "",
        heading,
        *(f"> line {number} " + "w" * 90 for number in range(40)),
        f"> {long}",
        "> end",
    ]
    data = "\n".join(lines).encode()
    ((entry, found),) = list(entries(data))
    assert (entry.line, entry.message_id, entry.who) == (5, "u1", "user")
    for passage in found:
        raw = data[passage.start : passage.start + passage.size].decode()
        assert [line.removeprefix("> ") for line in raw.split("\n")] == passage.text.split("\n")
        assert lines[passage.line - 1].startswith("> ")
        assert passage.line_end - passage.line == raw.count("\n")
    assert "".join(passage.text for passage in found).count("line 7 ") == 1
    assert any("ü" in passage.text for passage in found)


def test_the_index_made_anew_answers_as_the_one_before(home: Home, tmp_path: Path) -> None:
    for number in range(5):
        index_archive(home, archived(home, tmp_path, [f"animal {n} of herd {number}" for n in range(20)], f"s{number}"))
    before = recall(home, TOLD, "animal 7 herd 3", now=NOW)
    assert rebuild_index(home).rebuilt
    assert recall(home, TOLD, "animal 7 herd 3", now=NOW) == before
    assert before.matches[0].snippet.startswith("animal 7 of herd 3")
