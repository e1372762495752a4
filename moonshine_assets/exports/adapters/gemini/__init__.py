"""Gemini Apps (earlier Bard) of Google Takeout: My Activity as JSON and as a page (EXPORT-FORMATS §8).

In: one record of the JSON, or the whole page. Out: one conversation a record, that is one prompt and its answer, since
neither form says which records belong together; where a record links to its chat, `project` holds that link's end, so
the records of a chat can be found. Always: two nodes a record, and odd types never raise anything but `Unreadable`.

The id of a conversation is made of its second and its prompt, so both forms and every later export agree on it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from moonshine_assets.errors import Unreadable
from moonshine_assets.exports.adapters.gemini.detect import claim, claim_bytes, conversation_members, sidecar
from moonshine_assets.exports.adapters.gemini.page import cells, read_cell
from moonshine_assets.exports.adapters.gemini.record import build, record_turn
from moonshine_assets.exports.decode import decode
from moonshine_assets.exports.loose import depth_guarded
from moonshine_assets.exports.records import ExportContext, ParsedConversation
from moonshine_assets.exports.values import json_type

__all__ = [
    "PROVIDER",
    "SOURCE_TYPE",
    "claim",
    "claim_bytes",
    "context",
    "conversation_members",
    "parse",
    "parse_file",
    "sidecar",
]

PROVIDER = "gemini"
SOURCE_TYPE = "gemini_export"


def context(read: Callable[[str], bytes | None], members: Mapping[str, int]) -> ExportContext:  # noqa: ARG001
    """Sizes of the members, and for each file name the member that has it: attachments stand beside the activity."""
    facts: dict[str, dict[str, object]] = {
        PurePosixPath(name).name: {"member": name, "size_bytes": size} for name, size in sorted(members.items())
    }
    return ExportContext(members=members, asset_facts=facts)


@depth_guarded
def parse(data: bytes | memoryview, context: ExportContext) -> ParsedConversation:
    """One record of MyActivity.json.

    Conversation flags: those of `decode`, `single_turn`, `time_without_zone`. Message flags: `prefix_unknown`,
    `activity`, `odd_content`.

    Raises:
        Unreadable: not JSON, nested too deeply, not an object, or without title and answer.
    """
    record, decode_flags = decode(data, dict[str, Any])
    if not isinstance(record, dict):
        raise Unreadable(f"a record must be a JSON object, this is {json_type(record)}")
    flags = set(decode_flags)
    turn = record_turn(record, flags)
    return build(turn, data, context, "gemini-json", SOURCE_TYPE, flags)


def parse_file(
    data: memoryview,
    name: str,  # noqa: ARG001
    context: ExportContext,
) -> Iterator[tuple[int, int, ParsedConversation | Unreadable]]:
    """The records of MyActivity.html in order, each with its bytes [start, end).

    Flags as `parse`, and `zone_unknown`, `time_unreadable`, `utf8_replaced`, `nul_stripped` of the conversation.
    """
    for start, end in cells(data):
        raw = bytes(data[start:end])
        try:
            turn, flags = read_cell(raw)
            yield start, end, build(turn, raw, context, "gemini-html", SOURCE_TYPE, flags)
        except Unreadable as error:
            yield start, end, error
