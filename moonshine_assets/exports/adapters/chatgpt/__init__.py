"""ChatGPT account exports, spring 2023 to 2026 (EXPORT-FORMATS §2).

In: the JSON of one conversation, as it stands in the export. Out: a `ParsedConversation` with every node of the file,
hidden and tool nodes included. Always: len(nodes) + len(bad_nodes) == nodes_in, and nothing but Unreadable is raised.
"""

from __future__ import annotations

from moonshine_assets.exports.adapters.chatgpt.container import context, conversation_members, sidecar
from moonshine_assets.exports.adapters.chatgpt.conversation import PROVIDER, SOURCE_TYPE, parse
from moonshine_assets.exports.adapters.chatgpt.detect import claim
from moonshine_assets.exports.adapters.chatgpt.feedback import feedback

__all__ = ["PROVIDER", "SOURCE_TYPE", "claim", "context", "conversation_members", "feedback", "parse", "sidecar"]
