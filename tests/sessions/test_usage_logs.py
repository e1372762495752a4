"""Usage out of the logs of Claude Code and Codex: what the session said last, whatever stands before."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from moonshine_assets.sessions.usage import claude_code, codex
from moonshine_assets.sessions.usage.reading import Doubt, Reading
from moonshine_assets.sessions.usage.tail import BLOCK, lines_backwards
from sessions.logs import (
    NOW,
    OTHER,
    SESSION,
    claude_answer,
    claude_compaction,
    codex_count,
    codex_line,
    write,
)

USER = {"type": "user", "uuid": "u", "sessionId": SESSION, "message": {"role": "user", "content": "x"}}
PLAIN = {"type": "user", "text": "y" * 100}


def claude(folder: Path, *records: dict[str, Any] | str, **more: Any) -> Reading:
    path = write(folder / "projects" / "-p" / f"{SESSION}.jsonl", records)
    return claude_code.read(path, NOW, **{"windows": {}, "own_compaction": True, **more})


def rollout(folder: Path, *records: dict[str, Any] | str, **more: Any) -> Reading | None:
    path = write(folder / "sessions" / "2027" / "01" / "15" / f"rollout-2027-01-15T07-00-00-{SESSION}.jsonl", records)
    return codex.read(path, NOW, **{"windows": {}, "own_compaction": True, **more})


def codex_read(folder: Path, *records: dict[str, Any] | str, **more: Any) -> Reading:
    found = rollout(folder, *records, **more)
    assert found is not None
    return found


@pytest.mark.parametrize("size", [0, 1, 2, 10, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK])
def test_lines_backwards_are_the_lines(tmp_path: Path, size: int) -> None:
    texts = [b"first", b"x" * size, b"", b"  ", b"y" * (size // 2), b"last"]
    for end in (b"\n", b""):
        path = tmp_path / "log"
        path.write_bytes(b"\n".join(texts) + end)
        assert [line.raw for line in lines_backwards(path)][::-1] == [text for text in texts if text.strip()]


def test_lines_backwards_reads_no_more_than_its_limit(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"z" * (3 * BLOCK) + b"\nlast\n")
    assert [line.raw for line in lines_backwards(path, limit=2 * BLOCK)] == [b"last"]
    assert [line.distance for line in lines_backwards(path)] == [5, 3 * BLOCK + 6]
    path.write_bytes(b"")
    assert list(lines_backwards(path)) == []


def test_claude_code_uses_the_last_answer_of_the_main_chain(tmp_path: Path) -> None:
    found = claude(
        tmp_path,
        claude_answer(90_000, "msg_1"),
        USER,
        claude_answer(100_000, "msg_2"),
        claude_answer(7_000, "msg_3", isSidechain=True),
        claude_answer(300, "msg_4", model="<synthetic>"),
        claude_answer(300, "msg_5", isApiErrorMessage=True),
        {"type": "api-request", "body": {"usage": {"input_tokens": 1}}},
    )
    assert (found.used_tokens, found.window_tokens, found.max_tokens) == (100_000, 200_000, 177_000)
    assert found.is_trusted
    assert (found.key, found.model) == (f"claude_code:{SESSION}", "claude-sonnet-4-6")
    snapshot = found.snapshot()
    assert snapshot is not None
    assert (snapshot.used_tokens, snapshot.max_tokens, snapshot.provider) == (100_000, 177_000, "claude_code")


def test_claude_code_counts_an_answer_in_several_lines_once(tmp_path: Path) -> None:
    lines = [claude_answer(100_000, "m"), claude_answer(100_400, "m"), claude_answer(99_900, "m")]
    assert claude(tmp_path, claude_answer(170_000, "before"), *lines).used_tokens == 100_400


def test_claude_code_without_its_own_compaction_has_the_whole_window(tmp_path: Path) -> None:
    assert claude(tmp_path, claude_answer(182_649), own_compaction=False).max_tokens == 200_000


@pytest.mark.parametrize(
    ("model", "window"),
    [
        ("claude-sonnet-4-6", 200_000),
        ("claude-sonnet-4-6[1m]", 1_000_000),
        ("claude-opus-4-6", 200_000),
        ("claude-haiku-4-5-20251001", 200_000),
        ("claude-sonnet-4-20250514", 200_000),
        ("claude-3-7-sonnet-20250219", 200_000),
        ("claude-sonnet-5", 1_000_000),
        ("claude-opus-5-5", 1_000_000),
        ("given", 64_000),
    ],
)
def test_claude_code_windows_go_by_the_model(tmp_path: Path, model: str, window: int) -> None:
    found = claude(tmp_path, claude_answer(30_000, model=model), windows={"given": 64_000})
    assert found.window_tokens == window
    assert found.is_trusted


@pytest.mark.parametrize("model", ["claude-opus-9", "claude-opus-4-7", "another", ""])
def test_claude_code_with_a_model_nobody_knows_is_in_doubt(tmp_path: Path, model: str) -> None:
    found = claude(tmp_path, claude_answer(30_000, model=model))
    assert found.doubts == (Doubt.WINDOW_ASSUMED,)
    assert found.max_tokens == 177_000


def test_claude_code_after_a_compaction_knows_what_was_left_and_doubts_it(tmp_path: Path) -> None:
    found = claude(tmp_path, claude_answer(177_500), claude_compaction("c1", postTokens=2_702), USER)
    assert (found.used_tokens, found.compaction_mark) == (2_702, "c1")
    assert found.doubts == (Doubt.AFTER_COMPACTION,)
    assert found.window_tokens == 200_000, "the model is that of the answer before"


def test_claude_code_with_an_answer_after_a_compaction_is_trusted_and_keeps_its_mark(tmp_path: Path) -> None:
    found = claude(
        tmp_path, claude_answer(177_500, "m1"), claude_compaction("c1"), claude_compaction("c2"), claude_answer(9_000)
    )
    assert (found.used_tokens, found.compaction_mark, found.doubts) == (9_000, "c2", ())


def test_a_text_that_speaks_of_compaction_is_no_mark(tmp_path: Path) -> None:
    said = {**USER, "message": {"role": "user", "content": 'what is "compact_boundary" and "usage"?'}}
    found = claude(tmp_path, claude_answer(50_000), said)
    assert (found.compaction_mark, found.used_tokens, found.doubts) == (None, 50_000, ())


def test_more_used_than_the_window_is_a_contradiction(tmp_path: Path) -> None:
    assert claude(tmp_path, claude_answer(240_000)).doubts == (Doubt.CONTRADICTORY,)
    assert codex_read(tmp_path, codex_count(300_000)).doubts == (Doubt.CONTRADICTORY,)


def test_a_line_that_is_being_written_is_passed_over(tmp_path: Path) -> None:
    cut = json.dumps(claude_answer(150_000, "msg_9"))[:-30]
    found = claude(tmp_path, claude_answer(100_000), "not json\n", "\x00\x00\n", cut)
    assert (found.used_tokens, found.doubts) == (100_000, ())


def test_a_log_without_an_answer_has_no_usage(tmp_path: Path) -> None:
    for found in (claude(tmp_path, USER), codex_read(tmp_path, codex_line("session_meta", id=SESSION))):
        assert found.used_tokens is None
        assert Doubt.NO_USAGE in found.doubts
        assert found.snapshot() is None


def test_only_live_main_logs_of_claude_code_are_sessions(tmp_path: Path) -> None:
    project = tmp_path / "projects" / "-p"
    live = write(project / f"{SESSION}.jsonl", [USER])
    write(project / f"{OTHER}.jsonl", [USER], changed=NOW - 100_000)
    write(project / "agent-1234.jsonl", [USER])
    write(project / SESSION / "subagents" / "agent-77.jsonl", [USER])
    assert list(claude_code.sessions(tmp_path, NOW - 86_400)) == [live]
    assert list(claude_code.sessions(tmp_path / "nothing", 0)) == []


def test_codex_uses_the_last_request_not_the_sum_over_its_life(tmp_path: Path) -> None:
    found = codex_read(
        tmp_path,
        codex_line("session_meta", id=SESSION, cwd="/w"),
        codex_line("turn_context", model="gpt-5.5"),
        codex_count(100_000),
        codex_count(120_000, life=703_457),
        codex_line("event_msg", type="token_count", info=None),
    )
    assert (found.used_tokens, found.window_tokens) == (120_000, 258_400)
    assert found.own_compaction_at == 244_800, "90 % of a window of which 95 % is reported"
    assert (found.session_id, found.model, found.doubts) == (SESSION, "gpt-5.5", ())


def test_codex_compacts_at_its_own_setting_when_that_is_lower(tmp_path: Path) -> None:
    assert codex_read(tmp_path, codex_count(1_000), limit=120_000).max_tokens == 120_000
    assert codex_read(tmp_path, codex_count(1_000), limit=999_999).max_tokens == 244_800
    assert codex_read(tmp_path, codex_count(1_000), own_compaction=False).max_tokens == 258_400


def test_codex_just_compacted_is_in_doubt_until_the_next_count(tmp_path: Path) -> None:
    before = [codex_count(245_361), codex_line("compacted", message="", window_id="w-2")]
    found = codex_read(tmp_path, *before)
    assert (found.used_tokens, found.compaction_mark, found.window_tokens) == (None, "w-2", 258_400)
    assert Doubt.AFTER_COMPACTION in found.doubts
    found = codex_read(tmp_path, *before, codex_count(6_917))
    assert (found.used_tokens, found.compaction_mark, found.doubts) == (6_917, "w-2", ())


def test_codex_with_a_window_that_cannot_be_is_in_doubt(tmp_path: Path) -> None:
    assert Doubt.WINDOW_IMPLAUSIBLE in codex_read(tmp_path, codex_count(2_000, window=2_432)).doubts
    assert codex_read(tmp_path, codex_count(2_000, window=None)).doubts == (Doubt.WINDOW_ASSUMED,)
    given = codex_read(
        tmp_path, codex_line("turn_context", model="m"), codex_count(2_000, window=2_432), windows={"m": 500_000}
    )
    assert (given.window_tokens, given.doubts) == (500_000, ())


def test_usage_pinned_at_the_window_is_in_doubt(tmp_path: Path) -> None:
    assert Doubt.PINNED in codex_read(tmp_path, codex_count(258_400)).doubts


def test_a_sub_agent_of_codex_is_no_session_of_its_own(tmp_path: Path) -> None:
    meta = codex_line("session_meta", id=SESSION, source={"subagent": {"thread_spawn": {"parent_thread_id": OTHER}}})
    assert rollout(tmp_path, meta, codex_count(1_000)) is None


def test_only_live_rollouts_are_sessions(tmp_path: Path) -> None:
    day = tmp_path / "sessions" / "2027" / "01" / "15"
    live = write(day / f"rollout-2027-01-15T07-00-00-{SESSION}.jsonl", [PLAIN])
    write(day / f"rollout-2027-01-14T07-00-00-{OTHER}.jsonl", [PLAIN], changed=NOW - 100_000)
    write(day / "other.jsonl", [PLAIN])
    assert list(codex.sessions(tmp_path, NOW - 86_400)) == [live]


def test_of_a_large_log_only_the_end_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read = 0

    def counted(path: Path) -> Any:
        nonlocal read
        for line in lines_backwards(path):
            read = max(read, line.distance)
            yield line

    monkeypatch.setattr(claude_code, "lines_backwards", counted)
    monkeypatch.setattr(codex, "lines_backwards", counted)
    filler = [PLAIN] * 40_000
    assert claude(tmp_path, claude_answer(1_000), *filler, claude_answer(90_000)).used_tokens == 90_000
    assert codex_read(tmp_path, codex_count(1_000), *filler, codex_count(90_000)).used_tokens == 90_000
    assert read <= BLOCK + 200
