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
and, where files of their own hold ratings and comparisons:
    feedback(read: Callable[[str], bytes | None], members) -> Iterator[FeedbackRecord]   never raises
where the conversations stand in an array of another name than `conversations`:
    conversation_arrays() -> tuple[str, ...]       names of those fields of the top-level object
where a whole file has to be read to tell its conversations (pages, tables, lists of messages):
    claim_bytes(head: bytes, name: str) -> Claim | None      is this file of that form, by its first megabyte?
    parse_file(data, name, context) -> Iterator[(start, end, ParsedConversation | Unreadable)]
A log adapter (an agent's session files, one conversation a file or more) has instead of claim, context and parse:
    claim_lines(objects: list[dict], name: str) -> Claim | None
    log_files(names: Mapping[str, int]) -> list[str]
    claim_tables(tables: Mapping[str, set[str]]) -> Claim | None    of a SQLite store, by its tables' columns; optional
    conversations(read: Callable[[str], bytes | None], names: list[str]) -> Iterator[LogConversation]
"""

from types import ModuleType

from moonshine_assets.exports.adapters import (
    aistudio,
    chatbotui,
    chatgpt,
    claude,
    claude_code,
    codex,
    copilot,
    deepseek,
    gemini,
    gemini_cli,
    grok,
    lechat,
    librechat,
    openclaw,
    opencode,
    openwebui,
    perplexity,
    pi,
    qwen,
    qwen_code,
)
from moonshine_assets.exports.split import ARRAYS

#: In the order of detection: the first claim wins (EXPORT-FORMATS §1).
ADAPTERS: tuple[ModuleType, ...] = (
    claude,
    deepseek,
    chatgpt,
    qwen,
    openwebui,
    grok,
    gemini,
    aistudio,
    lechat,
    perplexity,
    librechat,
    chatbotui,
    copilot,
)
#: Asked after the others, in this order.
LOG_ADAPTERS: tuple[ModuleType, ...] = (qwen_code, claude_code, codex, openclaw, pi, gemini_cli, opencode)

BY_PROVIDER: dict[str, ModuleType] = {adapter.PROVIDER: adapter for adapter in (*ADAPTERS, *LOG_ADAPTERS)}


def arrays_of(adapter: ModuleType) -> frozenset[str]:
    """Fields of a top-level object whose arrays hold an adapter's conversations."""
    return ARRAYS.union(adapter.conversation_arrays() if hasattr(adapter, "conversation_arrays") else ())


ALL_ARRAYS: frozenset[str] = ARRAYS.union(*(arrays_of(adapter) for adapter in ADAPTERS))

__all__ = ["ADAPTERS", "ALL_ARRAYS", "BY_PROVIDER", "LOG_ADAPTERS", "arrays_of"]
