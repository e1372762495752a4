"""One module a provider; a new provider is one file here and its fixtures.

Every adapter module has:
    PROVIDER: str, SOURCE_TYPE: str (one of tables.conversations.SOURCE_TYPES)
    claim(element: dict) -> Claim | None           is this decoded conversation of this provider?
    conversation_members(names, read) -> list[str] files of a zip or folder that hold conversations, in order; []
                                                   when it is not this provider's container; `names` maps each file
                                                   to its size, `read(name)` gives the bytes of a small one
    sidecar(name: str) -> bool                     a known file of this provider without conversations
    context(read: Callable[[str], bytes | None], members) -> ExportContext
    parse(data: bytes | memoryview, context: ExportContext) -> ParsedConversation   raises Unreadable
"""

from moonshine_assets.exports.adapters import chatgpt, claude

#: In the order of detection: the first claim wins (EXPORT-FORMATS §1).
ADAPTERS = (claude, chatgpt)

BY_PROVIDER = {adapter.PROVIDER: adapter for adapter in ADAPTERS}

__all__ = ["ADAPTERS", "BY_PROVIDER", "chatgpt", "claude"]
