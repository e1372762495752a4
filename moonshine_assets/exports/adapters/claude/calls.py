"""Tool calls and their results: most exports leave the ids out that would pair them (EXPORT-FORMATS §3.4)."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from moonshine_assets.exports.records import Block, Message

_CALLS = ("tool_call", "artifact")


def pair_calls(messages: Iterable[Message]) -> None:
    """Give calls and results without id a made-up one, `pair-<n>` by rank in the conversation.

    A result belongs to the first open call of its name in its own message, else in the latest message that has one.
    Both messages get the flag `call_id_inferred`.
    """
    open_calls: dict[str | None, dict[int, deque[tuple[Block, Message]]]] = {}
    pairs = 0
    for rank, message in enumerate(messages):
        for block in message.blocks:
            if block.tool_call_id is not None:
                continue
            if block.kind in _CALLS:
                open_calls.setdefault(block.tool_name, {}).setdefault(rank, deque()).append((block, message))
            elif block.kind == "tool_result" and (by_message := open_calls.get(block.tool_name)):
                nearest = rank if rank in by_message else next(reversed(by_message))
                call, caller = by_message[nearest].popleft()
                if not by_message[nearest]:
                    del by_message[nearest]
                pairs += 1
                call.tool_call_id = block.tool_call_id = f"pair-{pairs}"
                for flagged in (caller, message):
                    flagged.flags = sorted({*flagged.flags, "call_id_inferred"})
