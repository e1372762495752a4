"""The parts of a response (EXPORT-FORMATS §9): thinking, steps, text, sources, files; what is unknown is kept raw."""

from __future__ import annotations

from typing import Any

from moonshine_assets.exports.loose import as_dict, as_list, first_ident, first_text, odd, texts, unknown_fields
from moonshine_assets.exports.records import Attachment, Block, ExportContext
from moonshine_assets.exports.values import byte_size, output_of, payload, rest, text_or_none

_SOURCES = (
    "cited_web_search_results",
    "web_search_results",
    "xpost_ids",
    "xposts",
    "cited_xposts",
    "webpage_urls",
    "rag_results",
    "citations",
)
_FILES = ("file_attachments", "image_attachments", "attachments")
#: Fields of the site's own bookkeeping, and those read elsewhere.
_KNOWN = frozenset(
    {
        *_SOURCES,
        *_FILES,
        *("_id", "id", "response_id", "conversation_id", "parent_response_id", "sender", "create_time", "model"),
        *("message", "query", "query_type", "thinking_trace", "agent_thinking_traces", "steps", "error"),
        *("generated_image_urls", "partial", "manual", "shared", "metadata", "share_link"),
        *("thinking_start_time", "thinking_end_time", "media_types", "is_control"),
    }
)
_STEP_KNOWN = frozenset({"tagged_text", "tag_order", "tool_usage_results", *_SOURCES})
_TRACE_KNOWN = frozenset({"thinking_trace"})
_FILE_LINKS = frozenset({"file_uri", "fileUri", "url"})


def message_blocks(response: dict[str, Any], flags: set[str]) -> list[Block]:
    """Blocks of a response: what was thought and done, then what was said, then what it rests on.

    Adds `odd_content` to `flags` where a part has a type the format does not know.
    """
    blocks = texts("thinking", response.get("thinking_trace"), flags)
    for trace in as_list(response.get("agent_thinking_traces")):
        blocks.extend(_trace(trace, flags))
    thought = "\n".join(block.text for block in blocks if block.text)
    for step in as_list(response.get("steps")):
        blocks.extend(_step(step, thought, flags))
    blocks.extend(texts("text", response.get("message"), flags))
    blocks.extend(_query(response, flags))
    for picture in as_list(response.get("generated_image_urls")):
        blocks.append(Block("image", payload=payload({"url": picture})))
    blocks.extend(_error(response.get("error"), flags))
    blocks.extend(_sources(response))
    return blocks + unknown_fields(response, _KNOWN)


def attached(
    response: dict[str, Any], context: ExportContext, blocks: list[Block], flags: set[str]
) -> list[Attachment]:
    """Append a block for every attached file, and return one record for each of them."""
    found: list[Attachment] = []
    for key in _FILES:
        for item in as_list(response.get(key)):
            if not isinstance(item, str | dict):
                blocks.append(odd(item, flags))
                continue
            stated = {"id": item} if isinstance(item, str) else item
            name = first_ident(stated, "file_metadata_id", "fileMetadataId", "asset_id", "id")
            facts = context.asset_facts.get(name or "") or {}
            mime = first_text(stated, "file_mime_type", "fileMimeType", "mime_type")
            is_image = key == "image_attachments" or (mime or "").startswith("image/")
            blocks.append(Block("image" if is_image else "file", payload=rest(stated, _FILE_LINKS)))
            found.append(
                Attachment(
                    attachment_id=name,
                    name=first_text(stated, "file_name", "fileName", "name"),
                    mime_type=mime,
                    size_bytes=byte_size(stated.get("size", facts.get("size_bytes"))),
                    member=text_or_none(facts.get("member")),
                )
            )
    return found


def _trace(trace: Any, flags: set[str]) -> list[Block]:
    """What one of several agents thought."""
    if not isinstance(trace, dict):
        return texts("thinking", trace, flags)
    text = text_or_none(trace.get("thinking_trace"))
    if text is None:
        return [odd(trace, flags)] if trace else []
    return [Block("thinking", text, payload=rest(trace, _TRACE_KNOWN))]


def _step(step: Any, thought: str, flags: set[str]) -> list[Block]:
    """A step: its notes, unless the thinking already holds them, then what its tools gave back and its sources."""
    if not isinstance(step, dict):
        return texts("thinking", step, flags)
    notes = _tagged(step.get("tagged_text"), step.get("tag_order"))
    more = rest(step, _STEP_KNOWN)
    blocks: list[Block] = []
    if notes and notes not in thought:
        blocks.append(Block("thinking", notes, payload=more))
    elif more:
        blocks.append(Block("raw", payload=more))
    for result in as_list(step.get("tool_usage_results")):
        text, others = output_of(result)
        name = first_text(as_dict(result), "tool_name", "name")
        blocks.append(Block("tool_result", text, tool_name=name, payload=others))
    return blocks + _sources(step)


def _tagged(tagged: Any, order: Any) -> str | None:
    """The notes of a step, in the order it states; whatever else stands there as JSON."""
    if isinstance(tagged, dict):
        named = [key for key in as_list(order) if isinstance(key, str) and key in tagged]
        tagged = [tagged[key] for key in dict.fromkeys([*named, *tagged])]
    notes = [output_of(note)[0] for note in as_list(tagged)]
    return "\n\n".join(note for note in notes if note) or None


def _query(response: dict[str, Any], flags: set[str]) -> list[Block]:
    """What was asked of a tool of the site, such as the prompt of a picture; the message itself comes again there."""
    query = response.get("query")
    if not isinstance(query, str):
        return texts("tool_call", query, flags)
    if not query or query == response.get("message"):
        return []
    name = text_or_none(response.get("query_type"))
    return [Block("tool_call", query, tool_name=name, arguments=payload({"query": query}))]


def _error(error: Any, flags: set[str]) -> list[Block]:
    if isinstance(error, dict):
        text = first_text(error, "message", "error", "detail")
        return [Block("error", text, is_error=True, payload=payload(error))] if error else []
    blocks = texts("error", error, flags) if error else []
    for block in blocks:
        block.is_error = True
    return blocks


def _sources(item: dict[str, Any]) -> list[Block]:
    """All it says about its sources, as JSON under the names of the export; no text."""
    sources = {key: item[key] for key in _SOURCES if item.get(key)}
    return [Block("citation", payload=payload(sources))] if sources else []
