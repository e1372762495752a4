"""A session compacted by its own agent, and that read back: its mark is new, and its tokens are fewer than before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from moonshine_assets.errors import GateFailed, Unreadable
from moonshine_assets.exports.decode import decode
from moonshine_assets.exports.fields import count, mapping, text_or_none
from moonshine_assets.sessions.prune.outcome import How, Pruned
from moonshine_assets.sessions.usage.collect import Look, find
from moonshine_assets.sessions.usage.reading import Reading
from moonshine_assets.sessions.usage.tail import lines_backwards
from moonshine_resources.agent_command import ToolFailed
from moonshine_resources.claude_code import ClaudeCode
from moonshine_resources.codex import Codex
from moonshine_resources.openclaw import OpenClaw


def openclaw_compacted(reading: Reading, look: Look) -> Pruned:
    """Compact through the gateway; `ok` alone says nothing, so `compacted`, the tokens and the store are looked at."""
    told = look.settings.openclaw
    command = OpenClaw(told.command, told.command_timeout_secs, told.gateway_token, told.state_dir)
    answer = command.call("sessions.compact", {"key": reading.session_key}, seconds=look.settings.prune.timeout_secs)
    if "compacted" not in answer:
        raise ToolFailed(
            "the gateway gave no answer", where=reading.key, fix="is it running? `openclaw gateway status` tells"
        )
    if answer["compacted"] is not True:
        raise GateFailed("the gateway did not compact it", where=reading.key, fix="`openclaw sessions` says more of it")
    result = mapping(answer.get("result"))
    after = _read_back(reading, look)
    before = count(result.get("tokensBefore")) or reading.used_tokens
    return _fewer(reading, before, count(result.get("tokensAfter")) or after.used_tokens)


def claude_code_compacted(reading: Reading, look: Look) -> Pruned:
    """Compact with its own command in the folder the session works in; its log says the tokens before and after."""
    path = Path(reading.source_path)
    folder = _folder_of(path)
    command = ClaudeCode(look.settings.claude_code.command, look.settings.prune.timeout_secs)
    if folder is None or not folder.is_dir():
        raise ToolFailed("the folder of the session is gone", where=reading.key, fix="put it back, or go on elsewhere")
    command.compact(reading.session_id, folder)
    _read_back(reading, look)
    mark = _boundary(path)
    return _fewer(reading, count(mark.get("preTokens")) or reading.used_tokens, count(mark.get("postTokens")))


def codex_compacted(reading: Reading, look: Look) -> Pruned:
    """Compact through its app server; the rollout says the tokens after."""
    Codex(look.settings.codex.command, look.settings.prune.timeout_secs).compact(reading.session_id)
    return _fewer(reading, reading.used_tokens, _read_back(reading, look).used_tokens)


def _read_back(before: Reading, look: Look) -> Reading:
    """The session after its compaction, of which there must be a mark.

    Raises:
        GateFailed: there is none.
    """
    after = find(look)
    if after is None or after.compaction_mark in (None, before.compaction_mark):
        raise GateFailed(
            "no compaction is found in the session", where=before.key, fix="look at what its agent says of it"
        )
    return after


def _fewer(reading: Reading, before: int | None, after: int | None) -> Pruned:
    """
    Raises:
        GateFailed: tokens did not become fewer, or are not known.
    """
    if before is None or after is None or after >= before:
        raise GateFailed(
            f"usage did not fall: {before} tokens before, {after} after",
            where=reading.key,
            fix="it is tried again after a fresh archive",
        )
    return Pruned(How.COMPACTED, before, after, reason="its agent compacted it")


def _boundary(path: Path) -> Mapping[str, Any]:
    """What the newest compaction mark of a Claude Code log says; nothing when there is none."""
    for record in _records(path, b'"compact_boundary"'):
        if record.get("subtype") == "compact_boundary":
            return mapping(record.get("compactMetadata"))
    return {}


def _folder_of(path: Path) -> Path | None:
    """The folder a Claude Code session works in, as its log says last."""
    for record in _records(path, b'"cwd"'):
        if folder := text_or_none(record.get("cwd")):
            return Path(folder)
    return None


def _records(path: Path, word: bytes) -> Iterator[Mapping[str, Any]]:
    """Records that hold a word, last first."""
    for line in lines_backwards(path):
        if word in line.raw:
            try:
                yield mapping(decode(line.raw, Any)[0])
            except Unreadable:
                continue
