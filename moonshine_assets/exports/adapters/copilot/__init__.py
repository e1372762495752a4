"""Microsoft Copilot: the activity of the privacy dashboard as CSV, and chats that VS Code exports as JSON
(EXPORT-FORMATS §12).

In: a whole CSV, or the JSON of one chat. Out: `ParsedConversation`s. Always: nodes_in = nodes + bad nodes, and odd
types never raise anything but `Unreadable`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from moonshine_assets.errors import Unreadable
from moonshine_assets.exports.adapters.copilot.activity import table_conversations
from moonshine_assets.exports.adapters.copilot.detect import claim, claim_bytes, conversation_members, sidecar
from moonshine_assets.exports.adapters.copilot.vscode import parse_chat
from moonshine_assets.exports.loose import depth_guarded
from moonshine_assets.exports.records import ExportContext, ParsedConversation

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

PROVIDER = "copilot"
SOURCE_TYPE = "copilot_export"


def context(read: Callable[[str], bytes | None], members: Mapping[str, int]) -> ExportContext:  # noqa: ARG001
    """Sizes of the members: no other file says anything about a chat."""
    return ExportContext(members=members)


@depth_guarded
def parse(data: bytes | memoryview, context: ExportContext) -> ParsedConversation:  # noqa: ARG001
    """A chat of VS Code.

    Conversation flags: those of `decode`, `time_without_zone`. Message flags: `odd_content`, `duplicate_id`.

    Raises:
        Unreadable: not JSON, nested too deeply, not an object, or without a list of requests.
    """
    return parse_chat(data, SOURCE_TYPE)


def parse_file(
    data: memoryview,
    name: str,  # noqa: ARG001
    context: ExportContext,  # noqa: ARG001
) -> Iterator[tuple[int, int, ParsedConversation | Unreadable]]:
    """The conversations of a CSV in order, each with its bytes [start, end).

    Conversation flags: `time_without_zone`, `zone_unknown`, `utf8_replaced`, `nul_stripped`, `prompts_only`. Message
    flags: `unknown_role`, `odd_content`.
    """
    return table_conversations(data, SOURCE_TYPE)
