"""An answer in any of its forms (EXPORT-FORMATS §11): plain, JSON in a string, steps of a search, typed blocks."""

from __future__ import annotations

from typing import Any

from moonshine_assets.errors import Unreadable
from moonshine_assets.exports.decode import decode
from moonshine_assets.exports.loose import as_dict, as_list, first_text, odd, texts
from moonshine_assets.exports.records import Block
from moonshine_assets.exports.values import payload, rest, text_or_none, texts_of

_SOURCES = ("sources", "web_results", "citations", "widget_data", "media_items")
_BLOCK_KEYS = frozenset({"intended_usage", "markdown_block", "web_result_block", "plan_block"})
_MARKDOWN_KEYS = ("answer", "chunks", "progress", "chunk_starting_offset")


def answer_blocks(entry: dict[str, Any], flags: set[str]) -> list[Block]:
    """What was thought, done and answered, each text once: typed blocks and the older fields repeat each other."""
    blocks: list[Block] = []
    for item in as_list(entry.get("blocks")):
        blocks.extend(_typed(item, flags))
    for key in ("answer", "text"):
        blocks.extend(_said(entry.get(key), flags))
    seen: set[tuple[str, str]] = set()
    kept: list[Block] = []
    for block in blocks:
        mark = (block.kind, (block.text or "").strip())
        if not mark[1] or mark not in seen:
            kept.append(block)
        seen.add(mark)
    return kept


def source_blocks(entry: dict[str, Any]) -> list[Block]:
    """The entry's sources as JSON under the names of the export; no text."""
    sources = {key: entry[key] for key in _SOURCES if entry.get(key)}
    return [Block("citation", payload=payload(sources))] if sources else []


def _typed(item: Any, flags: set[str]) -> list[Block]:
    """One of `blocks`: what it is for stands in `intended_usage`."""
    if not isinstance(item, dict):
        return texts("text", item, flags)
    blocks: list[Block] = []
    plan = as_dict(item.get("plan_block"))
    for step in [*as_list(plan.get("goals")), *as_list(plan.get("steps"))]:
        found = first_text(step, "description", "text") if isinstance(step, dict) else text_or_none(step)
        blocks.append(Block("thinking", found, payload=payload(step)) if found else odd(step, flags))
    markdown = item.get("markdown_block")
    if isinstance(markdown, dict):
        found = text_or_none(markdown.get("answer")) or "".join(texts_of(markdown.get("chunks"))[0])
        held = rest(markdown, _MARKDOWN_KEYS)
        blocks.append(Block("text", found, payload=held) if found else odd(markdown, flags))
    elif markdown is not None:
        blocks.extend(texts("text", markdown, flags))
    found_pages = as_dict(item.get("web_result_block")).get("web_results")
    if found_pages:
        blocks.append(Block("citation", payload=payload({"web_results": found_pages})))
    elif item.get("web_result_block") is not None:
        blocks.append(Block("citation", payload=payload({"web_result_block": item["web_result_block"]})))
    for key, value in item.items():
        if key not in _BLOCK_KEYS and value:
            blocks.append(_unknown(key, value))
    return blocks


def _unknown(key: str, value: Any) -> Block:
    """A typed block of another kind: whole, and what is plainly text in it as its text."""
    found = first_text(value, "text", "answer", "description", "code") if isinstance(value, dict) else None
    return Block("raw", found or text_or_none(value), payload=payload({key: value}))


def _said(value: Any, flags: set[str]) -> list[Block]:
    """An answer: Markdown, or JSON in a string: an object with `answer` and its pages, or the steps to it."""
    inner = _parsed(value)
    if isinstance(inner, dict) and "answer" in inner:
        return _structured(inner, flags)
    if isinstance(inner, list) and any("step_type" in as_dict(step) for step in inner):
        return [block for step in inner for block in _step(step, flags)]
    if isinstance(value, dict):
        found = first_text(value, "text", "markdown", "content")
        return [Block("text", found, payload=payload(value)) if found else odd(value, flags)] if value else []
    return texts("text", value, flags)


def _structured(inner: dict[str, Any], flags: set[str]) -> list[Block]:
    blocks = _said(inner["answer"], flags) if inner["answer"] is not inner else []
    sources = {key: inner[key] for key in _SOURCES if inner.get(key)}
    if sources:
        blocks.append(Block("citation", payload=payload(sources)))
    held = rest(inner, ("answer", "chunks", "structured_answer", *_SOURCES))
    return [*blocks, Block("raw", payload=held)] if held else blocks


def _step(step: Any, flags: set[str]) -> list[Block]:
    """A step of a search: the final one holds the answer, the others what was looked for and found."""
    if not isinstance(step, dict):
        return texts("thinking", step, flags)
    kind, content = text_or_none(step.get("step_type")) or "", step.get("content")
    inner = as_dict(content)
    if kind == "FINAL" and "answer" in inner:
        return _said(inner["answer"], flags)
    if kind == "INITIAL_QUERY":  # the question, which the entry has too
        return [Block("raw", payload=payload(step))]
    if not inner:
        return texts("thinking", content, flags)
    pages = {key: inner[key] for key in _SOURCES if inner.get(key)}
    blocks = [Block("citation", payload=payload(pages))] if pages else []
    found = first_text(inner, "text", "thought", "description", "query")
    held = rest(inner, _SOURCES)
    if held:
        blocks.insert(0, Block("tool_call" if "queries" in inner else "thinking", found or held, kind, payload=held))
    return blocks


def _parsed(value: Any) -> Any:
    if not isinstance(value, str) or not value.lstrip().startswith(("{", "[{")):
        return value
    try:
        return decode(value.encode(), Any)[0]
    except Unreadable:
        return value
