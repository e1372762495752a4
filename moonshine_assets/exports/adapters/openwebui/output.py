"""`output[]` of newer Open WebUI: the answer in typed items, of which `content` is only the rendering (§6)."""

from __future__ import annotations

from typing import Any

from moonshine_assets.exports.markup import code_call
from moonshine_assets.exports.records import Block
from moonshine_assets.exports.values import arguments_of, ident, output_of, payload, rest, text_or_none, texts_of

_CALLS = frozenset({"function_call", "custom_tool_call"})
_RESULTS = frozenset({"function_call_output", "custom_tool_call_output"})
#: Searches and clicks a provider makes for itself.
_OWN_CALLS = frozenset({"web_search_call", "file_search_call", "computer_call"})
_PLACE = ("type", "id", "role", "status", "started_at", "ended_at", "start_tag", "end_tag", "attributes")


def output_blocks(items: Any, flags: set[str]) -> list[Block]:
    """Blocks of the items in order; an item of an unknown type becomes a raw block with its JSON."""
    blocks: list[Block] = []
    names: dict[str, str] = {}
    for item in items if isinstance(items, list) else [items]:
        if isinstance(item, dict):
            blocks.extend(_blocks(item, names))
        elif item is not None:
            flags.add("odd_content")
            blocks.append(Block("raw", text_or_none(item), payload=payload(item)))
    return blocks


def _blocks(item: dict[str, Any], names: dict[str, str]) -> list[Block]:
    """`names` remembers the tool of each call, for its result."""
    kind = item.get("type")
    call_id = ident(item.get("call_id")) or ident(item.get("id"))
    if not isinstance(kind, str):
        return [Block("raw", payload=payload(item))]
    if kind in ("message", "reasoning"):
        return _said(item, "text" if kind == "message" else "thinking")
    if kind in _CALLS:
        name = text_or_none(item.get("name"))
        if name is not None and call_id is not None:
            names[call_id] = name
        arguments, text = arguments_of(
            item.get("arguments") if item.get("arguments") is not None else item.get("input")
        )
        more = rest(item, (*_PLACE, "call_id", "name", "arguments", "input"))
        return [Block("tool_call", text, name, call_id, arguments, payload=more)]
    if kind in _RESULTS:
        text, others = output_of(item.get("output") if item.get("output") is not None else item.get("content"))
        more = rest({**item, "others": others}, (*_PLACE, "call_id", "output", "content"))
        failed = True if item.get("status") == "failed" else None
        return [Block("tool_result", text, names.get(call_id or ""), call_id, is_error=failed, payload=more)]
    if kind.endswith("code_interpreter") or kind == "code_interpreter_call":
        return _code(item, call_id)
    if kind in _OWN_CALLS:
        arguments, text = arguments_of(
            next((item[key] for key in ("action", "actions", "queries") if item.get(key)), None)
        )
        return [Block("tool_call", text, kind.removesuffix("_call"), call_id, arguments, payload=rest(item, _PLACE))]
    texts, _ = texts_of([item])
    return [Block("raw", "\n".join(texts) or None, payload=payload(item))]


def _said(item: dict[str, Any], kind: str) -> list[Block]:
    """Prose or reasoning; a summary of the reasoning counts where the reasoning itself is not given."""
    texts, others = texts_of(item.get("content"))
    summary, more = texts_of(item.get("summary"))
    text = "\n".join(texts) if texts else "\n\n".join(summary)
    left = {**item, "content": others, "summary": more + (summary if texts else [])}
    extra = rest(left, _PLACE)
    return [Block(kind, text or None, payload=extra)] if text or extra else []


def _code(item: dict[str, Any], call_id: str | None) -> list[Block]:
    name = "code_interpreter"
    blocks: list[Block] = []
    if code := text_or_none(item.get("code")):
        language = text_or_none(item.get("lang")) or text_or_none(item.get("language"))
        blocks.append(code_call(code, language, name, call_id))
    result, others = output_of(item.get("output") if item.get("output") is not None else item.get("outputs"))
    if result or others or not blocks:
        more = others if blocks else payload(item)
        blocks.append(Block("tool_result", result, name, call_id, payload=more))
    return blocks
