"""Gemini CLI: sessions as one JSON object, and as the lines of 0.40 and later.

In: the files of a log. Out: one conversation a session or sub-agent. Always: nodes_in = nodes + bad nodes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from moonshine_assets.errors import Unreadable
from moonshine_assets.exports.adapters.gemini_cli.session import Session, is_sub_agent, session_of, times_of
from moonshine_assets.exports.decode import decode
from moonshine_assets.exports.fields import ident, text_or_none
from moonshine_assets.exports.lines import lines
from moonshine_assets.exports.records import Claim, LogConversation, ParsedConversation
from moonshine_assets.exports.times import to_micros

__all__ = ["PROVIDER", "SOURCE_TYPE", "claim_lines", "conversations", "log_files", "sidecar"]

PROVIDER = "gemini_cli"
SOURCE_TYPE = "gemini_cli_log"

_SESSION = re.compile(r"session-.+\.jsonl?")
_SIDECARS = frozenset(
    {"logs.json", "projects.json", "settings.json", "oauth_creds.json", "google_accounts.json", "state.json"}
)


def claim_lines(objects: list[dict[str, Any]], name: str) -> Claim | None:  # noqa: ARG001 - by content alone
    """Are these first lines (or is this one object) a session? By sessionId and projectHash."""
    for record in objects[:1]:
        if ident(record.get("sessionId")) and "projectHash" in record:
            is_object = isinstance(record.get("messages"), list)
            return Claim("gemini_cli-json" if is_object else "gemini_cli-jsonl", 1.0, "sessionId and projectHash")
    kinds = [text_or_none(record.get("type")) for record in objects]
    if any("$set" in record for record in objects) and "gemini" in kinds:
        return Claim("gemini_cli-jsonl", 0.8, "answers of type gemini and $set lines")
    return None


def log_files(names: Mapping[str, int]) -> list[str]:
    """Sessions under `chats/`, or named as sessions are; a session before its sub-agents, then by name."""
    found = [name for name in names if _is_session(PurePosixPath(name)) and not sidecar(name)]
    return sorted(found, key=lambda name: (_parent_of(name) is not None, name))


def sidecar(name: str) -> bool:
    """Lists of prompts, checkpoints of the API's contents, settings and secrets."""
    path = PurePosixPath(name)
    return path.name in _SIDECARS or (path.name.startswith("checkpoint") and path.suffix == ".json")


def conversations(read: Callable[[str], bytes | None], names: list[str]) -> Iterator[LogConversation]:
    """The sessions of the files, in order.

    Conversation flags: those of `decode`, `cut_last_line`, `sub_agent`. Message flags: `rewound`, `unknown_record`.
    """
    for name in names:
        data = read(name)
        if data is None:
            yield LogConversation(None, "the file cannot be read", {name: 0}, b"")
            continue
        try:
            parsed = _parsed(name, data)
        except Unreadable as error:
            yield LogConversation(None, error.what, {name: len(data)}, data)
        except RecursionError:
            yield LogConversation(None, "the JSON is nested too deeply", {name: len(data)}, data)
        else:
            yield LogConversation(parsed, None, {name: len(data)}, data)


def _parsed(name: str, data: bytes) -> ParsedConversation:
    session, flags, shape = _read(data)
    header = session.header
    nodes = session.nodes()
    stated = ident(header.get("sessionId")) or PurePosixPath(name).name.rpartition(".")[0]
    parent = _parent_of(name)
    is_agent = is_sub_agent(header) or parent is not None
    if is_agent:
        flags.add("sub_agent")
        for node in nodes:
            # a sub-agent is prompted by the agent that started it
            if node.message is not None and node.message.author_kind == "human":
                node.message.author_kind = "model"
    times = [at for value in times_of(session) if (at := to_micros(value)) is not None]
    models = [model for record in session.messages() if (model := text_or_none(record.get("model")))]
    return ParsedConversation(
        conversation_id=f"{parent}/agent-{stated}" if parent else stated,
        shape=shape,
        source_type=SOURCE_TYPE,
        nodes=nodes,
        nodes_in=len(nodes) + len(session.bad),
        current=session.current,
        title=session.title,
        created_at=min(times, default=None),
        updated_at=max(times, default=None),
        default_model=models[-1] if models else None,
        project=ident(header.get("projectHash")),
        flags=sorted(flags),
        bad_nodes=session.bad,
        parent_conversation_id=parent,
    )


def _read(data: bytes) -> tuple[Session, set[str], str]:
    """The session of a file, flags of reading it, and its shape.

    Raises:
        Unreadable: nothing of it is a record of a session.
    """
    found = list(lines(data))
    if not (len(found) == 1 and "messages" in (found[0].value or {})) and any(
        line.value is not None for line in found[:1]
    ):
        session = Session()
        for line in found:
            if line.value is None:
                session.bad.append(line.bad_node(data))
            else:
                session.take(line.value)
        return session, {flag for line in found for flag in line.flags}, "gemini_cli-jsonl"
    if not found:
        return Session(), set(), "gemini_cli-json"
    value, flags = decode(data, Any)
    if not isinstance(value, dict) or not isinstance(value.get("messages"), list):
        raise Unreadable("a session must be a JSON object with a list of messages")
    return session_of(value), set(flags), "gemini_cli-json"


def _is_session(path: PurePosixPath) -> bool:
    if path.suffix not in (".json", ".jsonl") or "__MACOSX" in path.parts or path.name.startswith("._"):
        return False
    return "chats" in path.parts[:-1] or _SESSION.fullmatch(path.name) is not None


def _parent_of(name: str) -> str | None:
    """The session whose sub-agent a file is: `chats/<session>/<sub-agent>.jsonl`."""
    parts = PurePosixPath(name).parts
    return parts[-2] if len(parts) > 2 and parts[-3] == "chats" else None
