"""Usage out of OpenClaw's store, its older files and its command, each held against the transcript."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from moonshine_assets.errors import Unreadable
from moonshine_assets.sessions.usage import openclaw
from moonshine_assets.sessions.usage.openclaw import Facts
from moonshine_assets.sessions.usage.openclaw_row import Transcript, reading_of, transcript_end
from moonshine_assets.sessions.usage.reading import Doubt, Reading
from sessions.logs import NOW, OTHER, SESSION, openclaw_answer, openclaw_row, openclaw_store, write

FACTS = Facts(now=NOW, active_since=NOW - 86_400, windows={}, own_compaction=True)
COMPACTION = {"type": "compaction", "id": "c1", "tokensBefore": 73_230, "summary": "s"}


def read(row: dict[str, Any], transcript: Transcript | None = None, **more: Any) -> Reading:
    told = {"now": NOW, "windows": {}, "own_compaction": True, **more}
    found = reading_of("agent:main:main", row, "store", transcript, **told)
    assert found is not None
    return found


def test_a_row_is_a_reading() -> None:
    found = read(openclaw_row(100_000))
    assert (found.used_tokens, found.window_tokens, found.max_tokens) == (100_000, 200_000, 180_000)
    assert (found.session_key, found.updated_at_epoch_secs, found.doubts) == ("agent:main:main", NOW - 10, ())


@pytest.mark.parametrize(("window", "at"), [(65_536, 49_152), (200_000, 180_000), (1_000_000, 980_000)])
def test_openclaw_keeps_a_reserve_of_the_window(window: int, at: int) -> None:
    assert read(openclaw_row(10_000, contextTokens=window)).own_compaction_at == at
    assert read(openclaw_row(10_000, contextTokens=window), own_compaction=False).max_tokens == window


@pytest.mark.parametrize(
    ("row", "transcript", "used", "doubts"),
    [
        (openclaw_row(15_420), Transcript(15_420), 15_420, ()),
        (openclaw_row(15_420, totalTokensFresh=False), None, 15_420, (Doubt.STALE,)),
        (openclaw_row(15_420, totalTokensFresh=None), None, 15_420, (Doubt.STALE,)),
        (openclaw_row(15_420, totalTokensFresh=None), Transcript(15_000), 15_420, ()),
        (openclaw_row(None, totalTokensFresh=False), Transcript(15_000), 15_000, (Doubt.STALE,)),
        (openclaw_row(None), Transcript(15_000), 15_000, ()),
        (openclaw_row(None), None, None, (Doubt.NO_USAGE,)),
        (openclaw_row(0), Transcript(), None, (Doubt.NO_USAGE,)),
        (openclaw_row(20_000), Transcript(120_000), 120_000, (Doubt.CONTRADICTORY,)),
        (openclaw_row(120_000), Transcript(20_000), 120_000, (Doubt.CONTRADICTORY,)),
        (openclaw_row(120_000), Transcript(110_000), 120_000, ()),
        (openclaw_row(2_500), Transcript(1_000), 2_500, ()),
        (openclaw_row(200_000), None, 200_000, (Doubt.PINNED,)),
        (openclaw_row(205_000), None, 205_000, (Doubt.CONTRADICTORY,)),
        (openclaw_row(10_000, contextTokens=0), None, 10_000, (Doubt.WINDOW_ASSUMED,)),
        (openclaw_row(10_000, contextTokens=None), None, 10_000, (Doubt.WINDOW_ASSUMED,)),
        (openclaw_row(10_000, contextTokens=-5), None, 10_000, (Doubt.WINDOW_ASSUMED,)),
        (openclaw_row(1_000, contextTokens=2_000), None, 1_000, (Doubt.WINDOW_IMPLAUSIBLE,)),
        (openclaw_row(22_753), Transcript(22_753, 73_230, "c1"), 22_753, ()),
        (openclaw_row(22_753), Transcript(None, 73_230, "c1"), 22_753, ()),
        (openclaw_row(73_230), Transcript(None, 73_230, "c1"), 73_230, (Doubt.AFTER_COMPACTION,)),
        (openclaw_row(73_230), Transcript(22_753, 73_230, "c1"), 73_230, (Doubt.CONTRADICTORY,)),
        (openclaw_row(None), Transcript(is_reset=True), None, (Doubt.NO_USAGE,)),
    ],
    ids=str,
)
def test_numbers_that_are_missing_stale_or_contradict_are_doubted(
    row: dict[str, Any], transcript: Transcript | None, used: int | None, doubts: tuple[Doubt, ...]
) -> None:
    found = read(row, transcript)
    assert (found.used_tokens, found.doubts) == (used, doubts)


def test_usage_beyond_the_window_is_believed_where_nothing_compacts() -> None:
    assert read(openclaw_row(224_000), own_compaction=False).usage_ratio == 1.12
    assert read(openclaw_row(224_000), own_compaction=False).is_trusted
    assert read(openclaw_row(320_000), own_compaction=False).doubts == (Doubt.CONTRADICTORY,)


def test_a_window_that_is_given_wins() -> None:
    assert read(openclaw_row(10_000), windows={"some-model": 64_000}).window_tokens == 64_000


def test_compactions_are_known_by_their_number_or_their_entry() -> None:
    assert read(openclaw_row(10, compactionCount=2)).compaction_mark == "compactions:2"
    assert read(openclaw_row(10, compactionCount=0), Transcript(5, 9, "c1")).compaction_mark == "c1"
    assert read(openclaw_row(10)).compaction_mark is None


def test_the_end_of_a_transcript_is_its_last_answer_of_a_model() -> None:
    gateway = openclaw_answer(0, provider="openclaw", model="gateway-injected")
    failed = openclaw_answer(0)
    failed["message"]["usage"] = {}
    assert transcript_end([{"type": "custom"}, gateway, failed, openclaw_answer(500)]) == Transcript(500)
    assert transcript_end([{"type": "compaction", "id": "c", "tokensBefore": 9, "tokensAfter": 2}]) == Transcript(
        2, 9, "c"
    )
    assert transcript_end([{"type": "reset"}, openclaw_answer(500)]).is_reset
    assert transcript_end([]) == Transcript()


def test_a_store_is_read_as_it_is_used(tmp_path: Path) -> None:
    rows = [
        openclaw_row(15_420),
        openclaw_row(90_000, key="agent:main:other", sessionId=OTHER),
        openclaw_row(9, key="agent:main:old", sessionId="old", updatedAt=(NOW - 100_000) * 1000),
    ]
    filler = [{"type": "custom", "id": f"{n}"} for n in range(30)]
    entries = {
        SESSION: [openclaw_answer(9_000), *filler, openclaw_answer(15_420), *filler],
        OTHER: [openclaw_answer(20_000)],
    }
    path = openclaw_store(tmp_path / "agents" / "main" / "agent" / "openclaw-agent.sqlite", rows, entries)
    writer = sqlite3.connect(path)
    writer.execute("UPDATE session_nodes SET session_key = session_key")
    before = path.read_bytes()
    found = {one.session_id: one for one in openclaw.from_store(path, FACTS)}
    assert sorted(found) == [SESSION, OTHER]
    assert (found[SESSION].used_tokens, found[SESSION].doubts) == (15_420, ())
    assert (found[OTHER].used_tokens, found[OTHER].doubts) == (90_000, (Doubt.CONTRADICTORY,))
    writer.rollback()
    writer.close()
    assert path.read_bytes() == before


@pytest.mark.parametrize("damage", ["other", "no database", "cut"])
def test_a_store_of_another_form_is_refused(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "openclaw-agent.sqlite"
    if damage == "other":
        connection = sqlite3.connect(path)
        connection.execute("CREATE TABLE other (x)")
        connection.close()
    else:
        openclaw_store(path, [openclaw_row(1)], {SESSION: [openclaw_answer(5)] * 50})
        data = path.read_bytes()
        path.write_bytes(b"no database, but as long as one" * 100 if damage == "no database" else data[:1500])
    with pytest.raises(Unreadable, match=r"openclaw-agent\.sqlite"):
        openclaw.from_store(path, FACTS)


def test_entries_that_are_damaged_are_passed_over(tmp_path: Path) -> None:
    path = openclaw_store(tmp_path / "s.sqlite", [openclaw_row(5_000)], {SESSION: [openclaw_answer(5_000)]})
    with sqlite3.connect(path) as connection:
        connection.executemany(
            "INSERT INTO transcript_events VALUES (?, ?, ?, ?)",
            [(SESSION, 90, "{", None), (SESSION, 91, None, b"\x28\xb5\x2f\xfdxx"), (SESSION, 92, None, None)],
        )
    connection.close()
    assert openclaw.from_store(path, FACTS)[0].doubts == ()


def test_an_index_and_the_files_beside_it_are_read(tmp_path: Path) -> None:
    folder = tmp_path / "agents" / "main" / "sessions"
    named = {"sessionFile": f"/elsewhere/{OTHER}-topic-3.jsonl"}
    index = {
        "agent:main:main": openclaw_row(100_000),
        "agent:main:topic": openclaw_row(50_000, sessionId=OTHER, **named),
        "agent:main:empty": openclaw_row(1_000, sessionId="no-file", totalTokensFresh=None),
        "agent:main:old": openclaw_row(1_000, sessionId="old", updatedAt=1),
        "agent:main:odd": "text",
    }
    folder.mkdir(parents=True)
    (folder / "sessions.json").write_text(json.dumps(index))
    write(folder / f"{SESSION}.jsonl", [openclaw_answer(60_000), openclaw_answer(99_000), "{cut"])
    write(folder / f"{OTHER}-topic-3.jsonl", [openclaw_answer(60_000), COMPACTION])
    found = {one.session_id: one for one in openclaw.from_index(folder / "sessions.json", FACTS)}
    assert sorted(found) == [SESSION, OTHER, "no-file"]
    assert (found[SESSION].used_tokens, found[SESSION].doubts) == (100_000, ())
    assert found[SESSION].source_path.endswith(f"{SESSION}.jsonl")
    assert (found[OTHER].used_tokens, found[OTHER].compaction_mark) == (50_000, "c1")
    assert found["no-file"].doubts == (Doubt.STALE,)


def test_an_index_that_is_no_index_is_refused(tmp_path: Path) -> None:
    for text in ("[]", "{"):
        (tmp_path / "sessions.json").write_text(text)
        with pytest.raises(Unreadable):
            openclaw.from_index(tmp_path / "sessions.json", FACTS)


def test_an_answer_of_the_command_is_read() -> None:
    rows = [openclaw_row(15_420), openclaw_row(1, sessionId="old", updatedAt=5), "odd", {"key": "no session"}]
    found = openclaw.from_command({"path": "/store", "count": 1, "sessions": rows}, FACTS)
    assert [(one.session_id, one.used_tokens, one.source_path) for one in found] == [(SESSION, 15_420, "/store")]
    assert openclaw.from_command({"sessions": None}, FACTS) == []
