"""A session is made smaller only when that is needed, allowed and safe; its own file is never touched by us."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from moonshine_assets.errors import Busy, Corruption, GateFailed
from moonshine_assets.exports.adapters.claude_code import conversations
from moonshine_assets.sessions.archive import latest_record, records
from moonshine_assets.sessions.hooks.agents import agents
from moonshine_assets.sessions.hooks.installation import install
from moonshine_assets.sessions.prune.cut import Limits, claude_code_cut, codex_cut
from moonshine_assets.sessions.prune.outcome import How
from moonshine_assets.sessions.prune.prune import prune_session
from moonshine_assets.sessions.settings import ClaudeCode, Codex, OpenClaw, Prune, Settings
from moonshine_resources.agent_command import ToolFailed
from moonshine_resources.home import Home
from moonshine_resources.locks import exclusive
from moonshine_resources.tokenizer import TokenCounter
from sessions.agents_at_work import LONG, PRUNING, Machine
from sessions.logs import NOW, SESSION, claude_compaction, openclaw_answer, openclaw_row, openclaw_store

CLAUDE, CODEX, OPENCLAW = (f"{provider}:{SESSION}" for provider in ("claude_code", "codex", "openclaw"))
ALONE = replace(PRUNING, claude_code=ClaudeCode(command="/none"), codex=Codex(command="/none"))
LIMITS = Limits(20, 10, "the archive")


@pytest.fixture
def machine(tmp_path: Path, counter: TokenCounter) -> Machine:
    return Machine(tmp_path, ALONE, counter=counter)


def script(folder: Path, name: str, text: str) -> str:
    path = folder / "bin" / name
    path.parent.mkdir()
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


def lines_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def copy_beside(path: Path) -> Path:
    (copy,) = [other for other in path.parent.iterdir() if other != path]
    return copy


def test_a_copy_has_everything_but_the_middle_of_long_outputs(home: Home, machine: Machine) -> None:
    path = machine.claude(155_000)
    before = path.read_bytes()
    pruned = prune_session(home, machine.look(CLAUDE))
    assert path.read_bytes() == before
    assert (pruned.how, pruned.tokens_before) == (How.COPIED, 155_000)
    assert pruned.tokens_after is not None
    assert 145_000 < pruned.tokens_after < 152_000
    copy = copy_beside(path)
    assert copy.name == f"{pruned.copy_id}.jsonl"
    assert f"claude --resume {pruned.copy_id}" in pruned.reason
    whole, cut = lines_of(path), lines_of(copy)
    assert {line["sessionId"] for line in cut} == {pruned.copy_id}
    assert [line["uuid"] for line in cut] == [line["uuid"] for line in whole]
    (result,) = cut[2]["message"]["content"]
    assert result["content"].startswith(LONG[:800])
    assert result["content"].endswith(LONG[-400:])
    assert str(home.root / pruned.archive_path) in result["content"]
    assert len(result["content"]) < 1600
    rest = [{**line, "sessionId": SESSION} for line in cut[:2] + cut[3:]]
    assert rest == whole[:2] + whole[3:]


def test_a_copy_is_a_session_that_is_read_like_any_other(home: Home, machine: Machine) -> None:
    path = machine.claude(155_000)
    prune_session(home, machine.look(CLAUDE))
    copy = copy_beside(path)

    def said(file: Path) -> list[str]:
        found = conversations(lambda _: file.read_bytes(), [f"projects/-p/{file.name}"])
        return [node.node_id for one in found if one.parsed for node in one.parsed.nodes]

    assert said(copy) == said(path) != []


def test_the_same_session_is_copied_once(home: Home, machine: Machine) -> None:
    path = machine.codex(225_000)
    first = prune_session(home, machine.look(CODEX))
    written = copy_beside(path).read_bytes()
    assert prune_session(home, machine.look(CODEX)) == first
    assert copy_beside(path).read_bytes() == written


def test_a_codex_copy_names_itself_and_keeps_its_counts(home: Home, machine: Machine) -> None:
    path = machine.codex(225_000)
    pruned = prune_session(home, machine.look(CODEX))
    assert (pruned.how, f"codex resume {pruned.copy_id}" in pruned.reason) == (How.COPIED, True)
    whole, cut = lines_of(path), lines_of(copy_beside(path))
    assert copy_beside(path).name == path.name.replace(SESSION, pruned.copy_id)
    assert cut[0]["payload"] == {**whole[0]["payload"], "id": pruned.copy_id}
    assert len(cut[2]["payload"]["output"]) < 1600 < len(whole[2]["payload"]["output"])
    assert [cut[1], *cut[3:]] == [whole[1], *whole[3:]]


def test_without_long_outputs_there_is_no_copy(home: Home, machine: Machine) -> None:
    path = machine.claude(155_000)
    machine.settings = replace(ALONE, prune=Prune(mode="always", keep_head_chars=100_000))
    assert prune_session(home, machine.look(CLAUDE)).how is How.NOT_NEEDED
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize(
    ("tokens", "age", "more", "why"),
    [
        (155_000, 10, (), "in use"),
        (155_000, 600, (claude_compaction("c", postTokens=160_000),), "in doubt"),
    ],
)
def test_what_is_not_safe_is_refused(
    home: Home, machine: Machine, tokens: int, age: int, more: tuple[Any, ...], why: str
) -> None:
    path = machine.claude(tokens, *more, age=age)
    with pytest.raises(GateFailed, match=why):
        prune_session(home, machine.look(CLAUDE))
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("tokens", [100_000, 140_000])
def test_what_is_not_needed_is_not_done(home: Home, machine: Machine, tokens: int) -> None:
    machine.claude(tokens)
    assert prune_session(home, machine.look(CLAUDE)).how is How.NOT_NEEDED
    assert prune_session(home, machine.look(CODEX)).how is How.NOT_NEEDED, "not there at all"
    assert not home.archive.exists()


def test_without_an_archive_that_reads_back_nothing_is_pruned(home: Home, machine: Machine) -> None:
    path = machine.claude(155_000)
    prune_session(home, machine.look(CLAUDE))
    copy_beside(path).unlink()
    record = latest_record(home, SESSION, "claude_code")
    assert record is not None
    for segment in (home.root / record.archive_path / "segments").iterdir():
        segment.chmod(0o644)
        segment.write_bytes(segment.read_bytes()[:-3])
    with pytest.raises(Corruption):
        prune_session(home, machine.look(CLAUDE))
    assert list(path.parent.iterdir()) == [path]


def test_what_was_said_since_the_last_archive_is_archived_before(home: Home, machine: Machine) -> None:
    machine.claude(155_000)
    prune_session(home, machine.look(CLAUDE))
    machine.claude(156_000)
    prune_session(home, machine.look(CLAUDE))
    assert len(records(home, SESSION)) == 2


@pytest.mark.parametrize(("mode", "is_pruned"), [("never", False), ("installed", False), ("always", True)])
def test_the_mode_says_who_may_be_pruned(home: Home, machine: Machine, mode: Any, is_pruned: bool) -> None:
    machine.claude(155_000)
    machine.settings = replace(ALONE, prune=Prune(mode=mode))
    how = prune_session(home, machine.look(CLAUDE)).how
    assert (how is How.COPIED) is is_pruned
    assert is_pruned or how is How.SWITCHED_OFF
    if mode == "installed":
        install(home, agents(Settings(), machine.environment)["claude-code"], NOW)
        assert prune_session(home, machine.look(CLAUDE)).how is How.COPIED


def test_two_at_once_are_one(home: Home, machine: Machine) -> None:
    machine.claude(155_000)
    with exclusive(home.moon_locks / f"prune.claude_code.{SESSION}.lock", seconds=0, what="it"), pytest.raises(Busy):
        prune_session(home, machine.look(CLAUDE))


def test_its_own_compaction_is_read_back_from_its_log(home: Home, machine: Machine, tmp_path: Path) -> None:
    path = machine.claude(155_000)
    mark = json.dumps(claude_compaction("by-us", preTokens=155_000, postTokens=9_000))
    command = script(tmp_path, "claude", f"pwd > {tmp_path}/where; echo '{mark}' >> {path}; echo '{{}}'")
    machine.settings = replace(PRUNING, claude_code=ClaudeCode(command=command))
    pruned = prune_session(home, machine.look(CLAUDE))
    assert (pruned.how, pruned.tokens_before, pruned.tokens_after) == (How.COMPACTED, 155_000, 9_000)
    assert (tmp_path / "where").read_text().strip() == str(tmp_path), "in the folder the session works in"


@pytest.mark.parametrize(
    ("says", "why"),
    [
        ("echo '{}'", "no compaction is found"),
        (
            f"echo '{json.dumps(claude_compaction('m', preTokens=155_000, postTokens=155_000))}' >> LOG; echo '{{}}'",
            "fall",
        ),
    ],
)
def test_a_compaction_that_is_only_said_is_a_failure(
    home: Home, machine: Machine, tmp_path: Path, says: str, why: str
) -> None:
    path = machine.claude(155_000)
    command = script(tmp_path, "claude", says.replace("LOG", str(path)))
    machine.settings = replace(PRUNING, claude_code=ClaudeCode(command=command))
    with pytest.raises(GateFailed, match=why):
        prune_session(home, machine.look(CLAUDE))


@pytest.mark.parametrize(
    ("answer", "error", "why"),
    [
        ('{"ok": true, "compacted": false, "reason": "no sessionId"}', GateFailed, "did not compact"),
        (
            '{"ok": true, "compacted": true, "result": {"tokensBefore": 9, "tokensAfter": 1}}',
            GateFailed,
            "no compaction",
        ),
        ('{"ok": false, "error": {"type": "gateway_transport_error"}}', ToolFailed, "no answer"),
        ("", ToolFailed, "no JSON"),
    ],
)
def test_what_a_gateway_says_is_not_taken_for_done(
    home: Home, machine: Machine, tmp_path: Path, answer: str, error: type[Exception], why: str
) -> None:
    store = tmp_path / "openclaw" / "agents" / "main" / "agent" / "openclaw-agent.sqlite"
    openclaw_store(store, [openclaw_row(160_000)], {SESSION: [openclaw_answer(160_000)]})
    command = script(tmp_path, "openclaw", f"echo '{answer}'")
    machine.settings = replace(PRUNING, openclaw=OpenClaw(command=command))
    with pytest.raises(error, match=why):
        prune_session(home, machine.look(OPENCLAW))
    assert len(records(home, SESSION)) == 1, "archived before it was asked"


@given(st.text(max_size=200), st.integers(0, 40), st.integers(0, 40))
def test_a_cut_text_is_shorter_and_keeps_both_ends(text: str, head: int, tail: int) -> None:
    record = {"type": "response_item", "payload": {"type": "function_call_output", "output": text}}
    cut = codex_cut(record, Limits(head, tail, "x"))
    said = cut.record["payload"]["output"]
    if cut.left_out:
        assert len(said) < len(text)
        assert (said[:head], said[len(said) - tail :]) == (text[:head], text[len(text) - tail :])
        assert text == text[:head] + cut.left_out[0] + text[len(text) - tail :]
    else:
        assert cut.record is record


def test_only_outputs_of_tools_are_cut() -> None:
    for record in (
        {"type": "user", "message": {"content": LONG}},
        {"type": "user", "message": {"content": [{"type": "text", "text": LONG}]}},
        {"type": "assistant", "message": {"content": [{"type": "tool_use", "input": {"command": LONG}}]}},
        {"type": "summary", "summary": LONG},
    ):
        assert claude_code_cut(record, LIMITS) == (record, [])
    for kind in ("message", "function_call", "reasoning"):
        record = {"type": "response_item", "payload": {"type": kind, "arguments": LONG, "output": LONG}}
        assert codex_cut(record, LIMITS) == (record, [])


def test_the_copy_of_a_result_beside_a_message_is_cut_with_it() -> None:
    block = {"type": "tool_result", "content": [{"type": "text", "text": LONG}, {"type": "image", "source": {}}]}
    record = {"type": "user", "message": {"content": [block]}, "toolUseResult": {"stdout": LONG, "code": 0}}
    cut = claude_code_cut(record, LIMITS)
    assert len(cut.left_out) == 1
    assert len(cut.record["toolUseResult"]["stdout"]) < 200
    assert cut.record["toolUseResult"]["code"] == 0
    assert cut.record["message"]["content"][0]["content"][1] == {"type": "image", "source": {}}
    assert record["toolUseResult"] == {"stdout": LONG, "code": 0}, "the given one is as it was"
