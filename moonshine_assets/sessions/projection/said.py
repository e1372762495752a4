"""What one line of a log says, in one form for all agents."""

from __future__ import annotations

from typing import NamedTuple

from moonshine_assets.exports.records import Block, Message


class Said(NamedTuple):
    """One message or part of one.

    Args:
        message_id: as the adapters have it; a line without an id is `line-<n>`.
        who: user, assistant, tool, agent (one agent to another) or client.
        at: microseconds since 1970 UTC; None when the log tells no time.
        blocks: what was said, in order.
        model: as the agent names it.
        note: what is particular of it, in a word: compaction_summary, damaged, …; empty: nothing.
        also: ids of lines of the same answer that hold no words.
    """

    message_id: str
    who: str
    at: int | None
    blocks: list[Block]
    model: str = ""
    note: str = ""
    also: tuple[str, ...] = ()


def said_by(message_id: str, message: Message, is_agent: bool = False) -> Said:
    """A message of an adapter. `is_agent`: its log is a sub-agent's, whom no person prompts."""
    who = {"human": "user", "tool": "tool", "model": "assistant"}.get(message.author_kind, "client")
    if (who == "assistant" and message.role == "user") or (who == "user" and is_agent):
        who = "agent"
    return Said(
        message_id,
        who,
        message.created_at,
        message.blocks,
        message.model or "",
        ", ".join(message.flags),
    )
