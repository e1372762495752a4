"""The parts of a message (EXPORT-FORMATS §5): fragments, or the fields that came before them, to blocks.

Always: a fragment of an unknown type becomes a raw block with its JSON and its text, never an error.
"""

from __future__ import annotations

from typing import Any

from msgspec import structs

from moonshine_assets.exports.adapters.deepseek.wire import WireMessage
from moonshine_assets.exports.decode import compact_json
from moonshine_assets.exports.records import Attachment, Block
from moonshine_assets.exports.values import byte_size, ident, listing, payload, rest, text_or_none, texts_of

ODD_CONTENT = "odd_content"

_PROSE = {"REQUEST": "text", "RESPONSE": "text", "THINK": "thinking"}
_TOOLS = frozenset({"SEARCH", "TOOL_SEARCH", "TOOL_FIND", "TOOL_OPEN", "READ_LINK"})
#: What makes a message the model's even where a request stands in it too.
_ANSWERS = frozenset({"RESPONSE", "THINK", "TEMPLATE_RESPONSE"})
#: Keys without meaning for a reader: where a fragment stands in its stream.
_PLACE = ("type", "id", "stage_id")
_FILE_TEXT = ("content", "text", "extracted_content")
_FILE_ID, _FILE_NAME, _FILE_SIZE, _FILE_TYPE = (
    ("file_id", "id"),
    ("file_name", "name"),
    ("file_size", "size"),
    "mime_type",
)


def kinds(message: WireMessage) -> set[str]:
    """The types of the fragments of a message."""
    listed = message.fragments if isinstance(message.fragments, list) else []
    return {kind for item in listed if isinstance(item, dict) and isinstance(kind := item.get("type"), str)}


def asks_and_answers(found: set[str]) -> bool:
    """Whether fragments of these types are a question and its answer."""
    return len(found) > 1 and "REQUEST" in found and bool(found & _ANSWERS)


def halves(message: WireMessage) -> tuple[WireMessage, WireMessage]:
    """A message that asks and answers as two: the question with the files, and the answer with all the rest."""
    asked = [item for item in message.fragments if isinstance(item, dict) and item.get("type") in ("REQUEST", "FILE")]
    answered = [item for item in message.fragments if not any(item is other for other in asked)]
    question = WireMessage(files=message.files, inserted_at=message.inserted_at, fragments=asked)
    return question, structs.replace(message, files=None, fragments=answered)


def fragment_blocks(fragments: Any, attachments: list[Attachment], flags: set[str]) -> list[Block]:
    """Blocks of the fragments in order; files met on the way are added to `attachments`."""
    blocks: list[Block] = []
    for item in fragments if isinstance(fragments, list) else [fragments]:
        if isinstance(item, dict):
            blocks.extend(_blocks(item, attachments, flags))
        elif item is not None:
            flags.add(ODD_CONTENT)
            blocks.append(Block("raw", text_or_none(item), payload=compact_json(item)))
    return blocks


def plain_blocks(message: WireMessage, said: set[str | None], flags: set[str]) -> list[Block]:
    """Blocks of the fields that came before fragments, without texts that were `said` already."""
    blocks: list[Block] = []
    if message.search_results:
        blocks.append(
            Block("tool_result", listing(message.search_results), "search", payload=payload(message.search_results))
        )
    for kind, value in (
        ("thinking", message.thinking_content),
        ("thinking", message.reasoning_content),
        ("text", message.content),
    ):
        if value is None:
            continue
        texts, others = texts_of(value)
        blocks.extend(Block(kind, text) for text in texts if text not in said)
        if others:
            flags.add(ODD_CONTENT)
            blocks.append(Block("raw", payload=payload(others)))
    if message.tips:
        blocks.append(Block("raw", payload=payload({"tips": message.tips})))
    return blocks


def file_blocks(files: Any, attachments: list[Attachment], flags: set[str]) -> list[Block]:
    """A block and an attachment for every file; the text of a file, where the export has it, is the block's."""
    blocks: list[Block] = []
    for item in files if isinstance(files, list) else [files]:
        if isinstance(item, dict):
            key = next((name for name in _FILE_TEXT if text_or_none(item.get(name))), None)
            blocks.append(Block("file", item[key] if key else None, payload=rest(item, (key,) if key else ())))
            attachments.append(
                Attachment(
                    attachment_id=next((found for name in _FILE_ID if (found := ident(item.get(name)))), None),
                    name=next((found for name in _FILE_NAME if (found := text_or_none(item.get(name)))), None),
                    mime_type=text_or_none(item.get(_FILE_TYPE)),
                    size_bytes=next((n for name in _FILE_SIZE if (n := byte_size(item.get(name))) is not None), None),
                )
            )
        elif item:
            flags.add(ODD_CONTENT)
            blocks.append(Block("raw", text_or_none(item), payload=compact_json(item)))
    return blocks


def _blocks(item: dict[str, Any], attachments: list[Attachment], flags: set[str]) -> list[Block]:
    kind = item.get("type")
    content = item.get("content")
    if not isinstance(kind, str) or (content is not None and not isinstance(content, str)):
        flags.add(ODD_CONTENT)
        texts, _ = texts_of(content)
        return [Block("raw", "\n".join(texts) or None, payload=payload(item))]
    if kind in _PROSE:
        more = rest(item, (*_PLACE, "content"))
        return [Block(_PROSE[kind], content or None, payload=more)] if content or more else []
    if kind in _TOOLS:
        return _tool(kind.lower(), item, content)
    if kind == "TEMPLATE_RESPONSE":  # stands in place of an answer that was taken back
        return [Block("error", content or None, is_error=True, payload=rest(item, (*_PLACE, "content")))]
    if kind == "FILE":
        return file_blocks(item.get("files", [item]), attachments, flags)
    return [Block("raw", content or None, payload=payload(item))]


def _tool(name: str, item: dict[str, Any], content: str | None) -> list[Block]:
    """A search or an opened page: the call where the queries are given, then what was found."""
    call_id = ident(item.get("id"))
    blocks: list[Block] = []
    if queries := item.get("queries"):
        asked = [query.get("query") if isinstance(query, dict) else query for query in _listed(queries)]
        text = "\n".join(query for query in asked if isinstance(query, str)) or None
        blocks.append(Block("tool_call", text, name, call_id, payload({"queries": queries})))
    found = [listing(item[key]) for key in ("results", "result") if item.get(key)]
    text = "\n\n".join(part for part in (content, *found) if part) or None
    more = rest(item, (*_PLACE, "content", "queries", "status"))
    if text or more or not blocks:
        blocks.append(Block("tool_result", text, name, call_id, payload=more))
    return blocks


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
