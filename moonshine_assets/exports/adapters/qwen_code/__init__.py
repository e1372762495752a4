"""Qwen Code: session logs of `~/.qwen/projects`, an envelope as Claude Code's around a body as Gemini's.

In: the files of a log. Out: one conversation a session. Always: nodes_in = nodes + bad nodes, every line is a node or a
bad node, and one answer is one message.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any, NamedTuple

from moonshine_assets.exports.adapters.qwen_code.thread import Thread
from moonshine_assets.exports.fields import ident, mapping, text_or_none
from moonshine_assets.exports.lines import Line, lines
from moonshine_assets.exports.records import Claim, LogConversation, ParsedConversation
from moonshine_assets.exports.replay import Owners, parents_first
from moonshine_assets.exports.times import to_micros

__all__ = ["PROVIDER", "SOURCE_TYPE", "claim_lines", "conversations", "log_files", "sidecar"]

PROVIDER = "qwen_code"
SOURCE_TYPE = "qwen_code_log"

_SESSION = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\.jsonl")
_SIDECARS = frozenset({"logs.json", "settings.json", "oauth_creds.json", "usage.json"})
_NOTES = ("ui_telemetry", "slash_command", "chat_compression", "custom_title", "rewind")


class _File(NamedTuple):
    name: str
    data: bytes
    found: list[Line]
    session_id: str

    def before(self, by_session: Mapping[str, str]) -> list[str]:
        named = {ident(line.value.get("sessionId")) for line in self.found if line.value is not None}
        return [
            by_session[other] for other in sorted(n for n in named if n and n != self.session_id) if other in by_session
        ]


def claim_lines(objects: list[dict[str, Any]], name: str) -> Claim | None:  # noqa: ARG001 - by content alone
    """Are these first lines Qwen Code's? Records with uuid and sessionId whose message has `parts`."""
    for record in objects:
        if not (ident(record.get("uuid")) and ident(record.get("sessionId"))):
            continue
        if "parts" in mapping(record.get("message")):
            return Claim("qwen_code", 1.0, "uuid, sessionId and a message of parts")
        if record.get("type") == "system" and record.get("subtype") in _NOTES and "systemPayload" in record:
            return Claim("qwen_code", 0.8, "a note of the client with systemPayload")
    return None


def log_files(names: Mapping[str, int]) -> list[str]:
    """Files named for their session that stand under `chats/`, by name."""

    def is_session(path: PurePosixPath) -> bool:
        named = _SESSION.fullmatch(path.name) is not None or (path.suffix == ".jsonl" and "projects" in path.parts)
        return named and "chats" in path.parts[:-1] and "__MACOSX" not in path.parts and not path.name.startswith("._")

    return sorted(name for name in names if is_session(PurePosixPath(name)))


def sidecar(name: str) -> bool:
    """Lists of prompts, checkpoints, settings and secrets."""
    path = PurePosixPath(name)
    return path.name in _SIDECARS or (path.name.startswith("checkpoint") and path.suffix == ".json")


def conversations(read: Callable[[str], bytes | None], names: list[str]) -> Iterator[LogConversation]:
    """The sessions of the files, one that others were resumed from before those.

    Conversation flags: those of `decode`, `cut_last_line`, `replay_dropped`, `duplicate_ids`.
    Message flags: `compaction_summary`, `unknown_record`.
    """
    owners = Owners()
    by_session = {PurePosixPath(name).stem: name for name in names}
    unread = {name for name in names if read(name) is None}
    for name in unread:
        yield LogConversation(None, "the file cannot be read", {name: 0}, b"")
    present = [name for name in names if name not in unread]
    for file in parents_first(present, lambda name: _load(name, read(name) or b""), lambda one: one.before(by_session)):
        members = {file.name: len(file.data)}
        bad = [line.bad_node(file.data) for line in file.found if line.value is None]
        if bad and len(bad) == len(file.found):
            yield LogConversation(None, bad[0].reason, members, file.data)
            continue
        try:
            parsed = _parsed(file, owners)
        except RecursionError:
            yield LogConversation(None, "the JSON is nested too deeply", members, file.data)
            continue
        parsed.bad_nodes = bad
        parsed.nodes_in = len(file.found)
        yield LogConversation(parsed, None, members, file.data)


def _load(name: str, data: bytes) -> _File:
    found = list(lines(data))
    stem = PurePosixPath(name).stem
    named = [session for line in found if line.value is not None and (session := ident(line.value.get("sessionId")))]
    return _File(name, data, found, stem if stem in named else (named or [stem])[-1])


def _parsed(file: _File, owners: Owners) -> ParsedConversation:
    records = [line.value for line in file.found if line.value is not None]
    thread = Thread(file.session_id, records, owners)
    times = [at for record in records if (at := to_micros(record.get("timestamp"))) is not None]
    models = [node.message.model for node in thread.nodes if node.message is not None and node.message.model]
    version = next((text for record in records if (text := text_or_none(record.get("version")))), "")
    parts = version.split(".")
    is_plain = len(parts) > 1 and all(part.isdigit() for part in parts[:2])
    return ParsedConversation(
        conversation_id=file.session_id,
        shape=f"qwen_code-{'.'.join(parts[:2])}" if is_plain else "qwen_code",
        source_type=SOURCE_TYPE,
        nodes=thread.nodes,
        nodes_in=len(file.found),
        current=thread.current,
        title=thread.title,
        created_at=min(times, default=None),
        updated_at=max(times, default=None),
        default_model=models[-1] if models else None,
        project=next((text for record in records if (text := text_or_none(record.get("cwd")))), None),
        flags=sorted({flag for line in file.found for flag in line.flags} | thread.flags),
        parent_conversation_id=thread.continues,
        replayed=thread.replayed,
    )
