"""A session, its messages and their parts to a conversation (EXPORT-FORMATS §17).

All steps of a turn name the same prompt as their parent; ids are ordered by time, and that order is the conversation.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from moonshine_assets.exports.adapters.opencode.message import message_of, time_of
from moonshine_assets.exports.fields import count, ident, mapping, text_or_none
from moonshine_assets.exports.records import BadNode, Node, ParsedConversation
from moonshine_assets.exports.times import to_micros

SOURCE_TYPE = "opencode_log"


#: Ids of parts as opencode makes them: they begin with the time.
_TIMED = re.compile(r"prt_[0-9a-f]{12}")


class Stored(NamedTuple):
    """A session as it is stored, in whichever form: records in the order they were found.

    `copies` counts records that are no nodes of their own: they repeat others, or are several of one message.
    """

    session_id: str
    info: dict[str, Any]
    messages: list[dict[str, Any]]
    parts: list[dict[str, Any]]
    bad: list[BadNode]
    shape: str
    copies: int = 0


def conversation(stored: Stored) -> ParsedConversation:
    """The conversation of a session.

    A part whose message is not there makes a message of its own, as does each group of them; message ids that come
    again are kept apart by `tree.arrange`.
    """
    of_message: dict[str, list[dict[str, Any]]] = {}
    for part in stored.parts:
        of_message.setdefault(ident(part.get("messageID")) or "", []).append(part)
    known = {ident(info.get("id")) for info in stored.messages}
    messages = list(stored.messages)
    messages += [
        {"id": name or "parts", "role": "assistant", "orphan": True} for name in of_message if name not in known
    ]
    ranked = sorted(enumerate(messages), key=lambda pair: _order(pair[1], pair[0]))

    parent_id = ident(stored.info.get("parentID"))
    reverted = ident(mapping(stored.info.get("revert")).get("messageID"))
    nodes: list[Node] = []
    current = before = None
    is_reverted = False
    for rank, info in ranked:
        name = ident(info.get("id")) or f"message-{rank}"
        parts = sorted(of_message.get("" if name == "parts" else name, []), key=_part_order)
        message = message_of(info, parts)
        if info.get("orphan") is True:
            message.flags = sorted({*message.flags, "orphan_parts"})
        if parent_id is not None and message.author_kind == "human":
            message.author_kind = "model"  # a sub-agent is prompted by the agent that started it
        is_reverted = is_reverted or name == reverted
        if is_reverted:
            message.flags = sorted({*message.flags, "reverted"})
        else:
            current = name
        nodes.append(Node(name, before, message))
        before = name
    nodes += [Node(f"copy-{number}", None, None) for number in range(stored.copies)]
    times = [at for _, info in ranked if (at := time_of(info)) is not None]
    models = [node.message.model for node in nodes if node.message is not None and node.message.model]
    return ParsedConversation(
        conversation_id=f"{parent_id}/agent-{stored.session_id}" if parent_id else stored.session_id,
        shape=stored.shape,
        source_type=SOURCE_TYPE,
        nodes=nodes,
        nodes_in=len(messages) + stored.copies + len(stored.bad),
        current=current,
        title=text_or_none(stored.info.get("title")),
        created_at=time_of(stored.info) or min(times, default=None),
        updated_at=to_micros(mapping(stored.info.get("time")).get("updated")) or max(times, default=None),
        default_model=models[-1] if models else None,
        project=text_or_none(stored.info.get("directory")),
        flags=["sub_agent"] if parent_id else [],
        bad_nodes=stored.bad,
        parent_conversation_id=parent_id or ident(stored.info.get("forkSessionID")),
    )


def _order(info: dict[str, Any], rank: int) -> tuple[int, str, int]:
    return count(info.get("seq")) or time_of(info) or 0, ident(info.get("id")) or "", rank


def _part_order(part: dict[str, Any]) -> str:
    """Parts come as they were stored, unless their ids tell when they were made."""
    name = ident(part.get("id")) or ""
    return name if _TIMED.match(name) else ""
