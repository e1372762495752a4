"""Rows of the privacy dashboard to conversations.

The file has no ids. Rows of one conversation stand together, newest first; a run of rows with the same name is one
conversation, and its id is made of that name and its oldest row, so that a later export of the same conversation has
the same id. A file of prompts alone has no conversations: there each row is one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from itertools import pairwise

from moonshine_assets.errors import Unreadable
from moonshine_assets.exports.adapters.copilot.rows import Layout, Row, layout_of, rows
from moonshine_assets.exports.decode import compact_json
from moonshine_assets.exports.local_times import ZONE_UNKNOWN, local_time
from moonshine_assets.exports.records import BadNode, Block, Message, Node, ParsedConversation
from moonshine_assets.exports.values import moment

PROMPTS_ONLY = "prompts_only"

_HUMAN = frozenset({"human", "user", "you", "me"})
_HEAD_BYTES = 1 << 16


def table_conversations(
    data: memoryview, source_type: str
) -> Iterator[tuple[int, int, ParsedConversation | Unreadable]]:
    """The conversations of a CSV in file order, each with its bytes [start, end)."""
    layout = layout_of(bytes(data[:_HEAD_BYTES]))
    if layout is None:
        yield 0, len(data), Unreadable("the first line does not name the columns of Copilot's activity")
        return
    run: list[Row] = []
    for row in rows(data, layout):
        if run and (layout.author is None or _name(row, layout) != _name(run[0], layout)):
            yield run[0].start, run[-1].end, _conversation(run, layout, data, source_type)
            run = []
        run.append(row)
    if run:
        yield run[0].start, run[-1].end, _conversation(run, layout, data, source_type)


def _name(row: Row, layout: Layout) -> str | None:
    name = _field(row, layout.conversation)
    return None if name is None else name.strip()


def _field(row: Row, at: int | None) -> str | None:
    return row.fields[at] if at is not None and at < len(row.fields) else None


def _conversation(run: list[Row], layout: Layout, data: memoryview, source_type: str) -> ParsedConversation:
    flags: set[str] = set()
    bad_nodes: list[BadNode] = []
    messages: list[Message] = []
    for row in run:
        flags |= row.flags
        if len(row.fields) <= layout.text:
            reason = f"a row with {len(row.fields)} of {len(layout.columns)} fields"
            bad_nodes.append(BadNode(None, reason, bytes(data[row.start : row.end])))
        else:
            messages.append(_message(row, layout, flags))
    order = _oldest_first(messages)
    ids: dict[int, str] = {rank: f"m{place}" for place, rank in enumerate(order)}
    above = {rank: ids[before] for before, rank in pairwise(order)}
    times = [message.created_at for message in messages if message.created_at is not None]
    if layout.author is None:
        flags.add(PROMPTS_ONLY)
    name = _name(run[0], layout)
    oldest = messages[order[0]] if order else None
    return ParsedConversation(
        conversation_id=_identity(name, oldest, bytes(data[run[0].start : run[-1].end])),
        shape="copilot-csv",
        source_type=source_type,
        nodes=[Node(ids[rank], above.get(rank), message) for rank, message in enumerate(messages)],
        nodes_in=len(run),
        current=ids[order[-1]] if order else None,
        title=(name or None) if layout.author is not None else None,
        created_at=min(times, default=None),
        updated_at=max(times, default=None),
        flags=sorted(flags),
        bad_nodes=bad_nodes,
    )


def _message(row: Row, layout: Layout, conversation_flags: set[str]) -> Message:
    flags: set[str] = set()
    author = (_field(row, layout.author) or "").strip() if layout.author is not None else "user"
    said = row.fields[layout.text]
    word = author.casefold()
    speaker = ("user", "human") if word in _HUMAN else ("assistant", "model")
    if not word:
        flags.add("unknown_role")
        speaker = ("system", "provider_injected")
    blocks = [Block("text", said)] if said else []
    more = row.fields[len(layout.columns) :]
    if any(more):  # a field that was not quoted was cut at its delimiters
        blocks.append(Block("raw", layout.delimiter.decode().join(more), payload=compact_json(more)))
        flags.add("odd_content")
    return Message(
        role=speaker[0],
        author_kind=speaker[1],
        blocks=blocks,
        author_name=author if speaker[1] == "model" and word not in ("ai", "copilot", "assistant") else None,
        created_at=_time(_field(row, layout.time) or "", conversation_flags),
        flags=sorted(flags),
    )


def _time(text: str, flags: set[str]) -> int | None:
    """ISO, or `M/D/YYYY H:MM:SS +HH:MM`."""
    micros = moment(text.strip(), flags)
    if micros is None and (found := local_time(text, month_first=True)) is not None:
        if not found.zone_known:
            flags.add(ZONE_UNKNOWN)
        return found.micros
    return micros


def _oldest_first(messages: list[Message]) -> list[int]:
    """Ranks in the order of the conversation: the file's, or the reverse where its times fall."""
    ranks = list(range(len(messages)))
    times = [message.created_at for message in messages if message.created_at is not None]
    falls = sum(one > two for one, two in pairwise(times))
    rises = sum(one < two for one, two in pairwise(times))
    ends_with_question = bool(messages) and messages[-1].role == "user" and messages[0].role != "user"
    return ranks[::-1] if falls > rises or (falls == rises and ends_with_question) else ranks


def _identity(name: str | None, oldest: Message | None, raw: bytes) -> str:
    if oldest is None:
        return "chat-" + hashlib.sha256(raw).hexdigest()[:24]
    said = next((block.text for block in oldest.blocks if block.text), "")
    stated = compact_json([name, oldest.created_at, said])
    return "chat-" + hashlib.sha256(stated.encode()).hexdigest()[:24]
