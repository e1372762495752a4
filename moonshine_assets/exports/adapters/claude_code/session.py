"""One log file to its conversations: the session, and the sub-agents that older versions write into the same file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from moonshine_assets.errors import Unreadable
from moonshine_assets.exports.adapters.claude_code.grouping import grouped, id_of, is_agent_file, stem
from moonshine_assets.exports.adapters.claude_code.thread import Thread, first_of
from moonshine_assets.exports.decode import decode
from moonshine_assets.exports.fields import ident, items, mapping, text_or_none
from moonshine_assets.exports.lines import Line, lines
from moonshine_assets.exports.records import BadNode, LogConversation, ParsedConversation
from moonshine_assets.exports.replay import Owners
from moonshine_assets.exports.times import to_micros

SOURCE_TYPE = "claude_code_log"

_UUID_LENGTH = 36


class Session(NamedTuple):
    """A file that was read: its lines, and the ids it stands for. `is_whole` tells the form of one JSON object."""

    name: str
    data: bytes
    found: list[Line]
    session_id: str
    is_whole: bool

    @property
    def foreign(self) -> list[str]:
        """Other sessions whose records this file copies or continues."""
        named = {ident(line.value.get("sessionId")) for line in self.found if line.value}
        forked = {ident(mapping(line.value.get("forkedFrom")).get("sessionId")) for line in self.found if line.value}
        return sorted({name for name in named | forked if name} - {self.session_id})


def read_session(name: str, data: bytes) -> Session:
    """The lines of a file; `{"loglines": […]}` counts as the lines it lists."""
    found = list(lines(data))
    is_whole = False
    if not any(line.value is not None and "loglines" not in line.value for line in found):
        listed = _loglines(data)
        is_whole = listed is not None
        found = found if listed is None else listed
    return Session(name, data, found, _session_id(name, found), is_whole)


def read_conversations(session: Session, owners: Owners, read: Callable[[str], bytes | None]) -> list[LogConversation]:
    """The session's conversation, then those of its sub-agents; a file that nothing can be read of is one without."""
    size = len(session.data)
    bad = [line.bad_node(session.data) for line in session.found if line.value is None]
    if session.found and len(bad) == len(session.found):
        return [LogConversation(None, bad[0].reason, {session.name: size}, session.data)]
    groups = grouped(session.name, session.session_id, session.found)
    all_ids = frozenset(record_id for group in groups.values() for line in group if (record_id := id_of(line)))
    made: list[LogConversation] = []
    for conversation_id, group in groups.items():
        records = [line.value for line in group if line.value is not None]
        is_first = not made
        parsed: ParsedConversation | None = None
        reason = None
        try:
            thread = Thread(conversation_id, records, owners, all_ids)
            parsed = _conversation(thread, records, session, bad if is_first else [])
        except RecursionError:
            reason = "the JSON is nested too deeply"
        if parsed is not None:
            parsed.flags = sorted({*parsed.flags, *(flag for line in group for flag in line.flags)})
            if parsed.title is None:
                parsed.title = _described(session.name, read)
        raw = session.data if len(groups) == 1 else b"\n".join(session.data[line.start : line.end] for line in group)
        made.append(LogConversation(parsed, reason, {session.name: 0 if is_first else len(raw) + 1}, raw))
    made[0].members[session.name] = size - sum(one.members[session.name] for one in made[1:])
    return made


def _conversation(
    thread: Thread, records: list[dict[str, Any]], session: Session, bad: list[BadNode]
) -> ParsedConversation:
    nodes = thread.nodes()
    is_agent = thread.conversation_id != session.session_id
    if is_agent:
        for message in thread.messages:
            # a sub-agent is prompted by the agent that started it
            if message is not None and message.author_kind == "human":
                message.author_kind = "model"
    times = [at for record in records if (at := to_micros(record.get("timestamp"))) is not None]
    version = first_of(records, "version") or ""
    models = [message.model for message in thread.messages if message is not None and message.model]
    parent = session.session_id if is_agent else first_of(records, "forkedFrom.sessionId") or thread.continues
    return ParsedConversation(
        conversation_id=thread.conversation_id,
        shape="claude_code-web" if session.is_whole else "-".join(["claude_code", *_generation(version)]),
        source_type=SOURCE_TYPE,
        nodes=nodes,
        nodes_in=len(records) + len(bad),
        current=thread.leaf(),
        title=_title(records),
        created_at=min(times, default=None),
        updated_at=max(times, default=None),
        default_model=models[-1] if models else None,
        project=first_of(records, "cwd"),
        flags=sorted({*thread.flags, *({"sub_agent"} if is_agent else ())}),
        bad_nodes=bad,
        parent_conversation_id=parent,
        replayed=thread.replayed,
    )


def _session_id(name: str, found: list[Line]) -> str:
    """The session that the file is named for, else that of the last record, else the name."""
    named = [ident(line.value.get("sessionId")) for line in found if line.value is not None and id_of(line)]
    named = named or [ident(line.value.get("sessionId")) for line in found if line.value is not None]
    known = [session_id.partition("#")[0] for session_id in named if session_id]
    base = stem(name)
    named_for = (one for one in known if one == base or (len(one) >= _UUID_LENGTH and one in base))
    return next(named_for, (known or [base])[-1])


def _title(records: list[dict[str, Any]]) -> str | None:
    for key in ("customTitle", "aiTitle"):
        given = [title for record in records if (title := text_or_none(record.get(key)))]
        if given:
            return given[-1]
    ids = {ident(record.get("uuid")) for record in records}
    own = [record for record in records if record.get("type") == "summary" and ident(record.get("leafUuid")) in ids]
    return text_or_none(own[-1].get("summary")) if own else None


def _described(name: str, read: Callable[[str], bytes | None]) -> str | None:
    """What a sub-agent was asked to do, from the file beside its log."""
    if not is_agent_file(name):
        return None
    try:
        value, _ = decode(read(name.rsplit(".", 1)[0] + ".meta.json") or b"{}", Any)
    except Unreadable:
        return None
    return text_or_none(mapping(value).get("description"))


def _generation(version: str) -> list[str]:
    parts = version.split(".")
    return [".".join(parts[:2])] if len(parts) > 1 and all(part.isdigit() for part in parts[:2]) else []


def _loglines(data: bytes) -> list[Line] | None:
    try:
        value, flags = decode(data, Any)
    except Unreadable:
        return None
    if not isinstance(value, dict) or not isinstance(value.get("loglines"), list):
        return None
    return [
        Line(
            0,
            len(data),
            item if isinstance(item, dict) else None,
            None if isinstance(item, dict) else "not an object",
            tuple(flags),
        )
        for item in items(value["loglines"])
    ]
