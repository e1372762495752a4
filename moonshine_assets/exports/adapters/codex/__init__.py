"""Codex CLI: rollouts of every version, one object or lines, bare or in envelopes, plain or zstd.

In: the files of a log. Out: one conversation a thread. Always: nodes_in = nodes + bad nodes, every line is a node or a
bad node, what events repeat is not said twice, and a forked thread has its own turns alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath
from typing import Any, NamedTuple

from moonshine_assets.errors import Unreadable
from moonshine_assets.exports.adapters.codex.detect import claim_lines, log_files, sidecar
from moonshine_assets.exports.adapters.codex.fork import item_prints, own_from
from moonshine_assets.exports.adapters.codex.thread import Thread
from moonshine_assets.exports.adapters.codex.wire import Entry, entry, lineage, whole_session
from moonshine_assets.exports.decode import decode
from moonshine_assets.exports.fields import ident, text_or_none
from moonshine_assets.exports.lines import Line, lines
from moonshine_assets.exports.records import LogConversation, ParsedConversation
from moonshine_assets.exports.replay import parents_first
from moonshine_assets.exports.times import to_micros
from moonshine_assets.exports.unzstd import unzstd

__all__ = ["PROVIDER", "SOURCE_TYPE", "claim_lines", "conversations", "log_files", "sidecar"]

PROVIDER = "codex"
SOURCE_TYPE = "codex_log"

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


class _Rollout(NamedTuple):
    name: str
    data: bytes
    plain: bytes
    found: list[Line]
    entries: list[Entry]
    problem: str | None

    @property
    def metas(self) -> list[Entry]:
        return [one for one in self.entries if one.kind == "meta"]

    @property
    def thread_id(self) -> str:
        """The id in the file's name where the rollout bears it, else that of its first session_meta, else the name."""
        metas = [name for meta in self.metas if (name := ident(meta.body.get("id")))]
        named = _thread_named(self.name)
        return named if named in metas or (named and not metas) else metas[0] if metas else _stem(self.name)

    @property
    def comes_from(self) -> tuple[str | None, bool]:
        own = [meta.body for meta in self.metas if ident(meta.body.get("id")) in (self.thread_id, None)]
        found = [lineage(body) for body in own]
        others = [name for meta in self.metas if (name := ident(meta.body.get("id"))) and name != self.thread_id]
        parent = next((parent for parent, _ in found if parent), others[0] if others else None)
        return parent, any(is_agent for _, is_agent in found)


def conversations(read: Callable[[str], bytes | None], names: list[str]) -> Iterator[LogConversation]:
    """The threads of the files, one that others were forked from before those.

    Conversation flags: those of `decode`, `cut_last_line`, `sub_agent`, `replay_dropped`.
    Message flags: `rolled_back`, `instructions`, `compaction_summary`, `event_only`, `unknown_record`.
    """
    by_thread = {thread: name for name in names if (thread := _thread_named(name))}
    prints: dict[str, list[bytes]] = {}
    conversation_ids: dict[str, str] = {}

    def before(rollout: _Rollout) -> list[str]:
        parent, _ = rollout.comes_from
        return [by_thread[parent]] if parent in by_thread else []

    for rollout in parents_first(names, lambda name: _load(name, read(name)), before):
        members = {rollout.name: len(rollout.data)}
        bad = [line.bad_node(rollout.plain) for line in rollout.found if line.value is None]
        if rollout.problem or (bad and len(bad) == len(rollout.found)):
            yield LogConversation(None, rollout.problem or bad[0].reason, members, rollout.data)
            continue
        try:
            parsed = _parsed(rollout, prints, conversation_ids)
        except RecursionError:
            yield LogConversation(None, "the JSON is nested too deeply", members, rollout.data)
            continue
        parsed.bad_nodes = bad
        parsed.nodes_in = len(rollout.found)
        yield LogConversation(parsed, None, members, rollout.data)


def _load(name: str, data: bytes | None) -> _Rollout:
    if data is None:
        return _Rollout(name, b"", b"", [], [], "the file cannot be read")
    try:
        plain = unzstd(data)
    except Unreadable as error:
        return _Rollout(name, data, b"", [], [], error.what)
    found = list(lines(plain))
    if not any(line.value is not None and whole_session(line.value) is None for line in found):
        found = _whole(plain) or found
    entries = [entry(number, line.value) for number, line in enumerate(found) if line.value is not None]
    return _Rollout(name, data, plain, found, entries, None)


def _whole(data: bytes) -> list[Line] | None:
    """The lines that the one-object form lists."""
    try:
        value, flags = decode(data, Any)
    except Unreadable:
        return None
    listed = whole_session(value) if isinstance(value, dict) else None
    if listed is None:
        return None
    return [
        Line(0, len(data), item, None, tuple(flags))
        if isinstance(item, dict)
        else Line(0, len(data), None, "an item must be a JSON object", tuple(flags))
        for item in listed
    ]


def _parsed(rollout: _Rollout, prints: dict[str, list[bytes]], conversation_ids: dict[str, str]) -> ParsedConversation:
    thread_id = rollout.thread_id
    parent, is_agent = rollout.comes_from
    # One that names itself as its source is not a copy of itself.
    source = prints.get(parent or "")
    prints[thread_id] = item_prints(rollout.entries)
    thread = Thread(rollout.entries, 0 if source is None else own_from(rollout.entries, thread_id, source))
    parent_id = conversation_ids.get(parent or "", parent)
    conversation_id = f"{parent_id}/agent-{thread_id}" if is_agent and parent_id else thread_id
    conversation_ids[thread_id] = conversation_id
    if is_agent:
        for node in thread.nodes:
            # a sub-agent is prompted by the agent that started it
            if node.message is not None and node.message.author_kind == "human":
                node.message.author_kind = "model"
    own = rollout.entries[thread.replayed :]
    times = [at for one in own if (at := to_micros(one.time)) is not None]
    metas = [meta.body for meta in rollout.metas if ident(meta.body.get("id")) in (thread_id, None)]
    version = next((text for meta in metas if (text := text_or_none(meta.get("cli_version")))), None)
    is_bare = not any(line.value is not None and "payload" in line.value for line in rollout.found)
    return ParsedConversation(
        conversation_id=conversation_id,
        shape="codex-bare"
        if is_bare
        else "-".join(["codex", *([".".join(version.split(".")[:2])] if version else [])]),
        source_type=SOURCE_TYPE,
        nodes=thread.nodes,
        nodes_in=len(rollout.found),
        current=thread.current,
        title=thread.title,
        created_at=min(times, default=None),
        updated_at=max(times, default=None),
        default_model=thread.model,
        project=next((text for meta in metas if (text := text_or_none(meta.get("cwd")))), None),
        flags=sorted(
            {flag for line in rollout.found for flag in line.flags}
            | ({"sub_agent"} if is_agent else set())
            | ({"replay_dropped"} if thread.replayed else set())
        ),
        parent_conversation_id=parent_id,
        replayed=thread.replayed,
    )


def _thread_named(name: str) -> str | None:
    found = _UUID.findall(PurePosixPath(name).name)
    return found[-1] if found else None


def _stem(name: str) -> str:
    return PurePosixPath(name).name.partition(".")[0]
