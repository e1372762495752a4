"""A response of VS Code: pieces of Markdown with references in between, thinking, tools, edits (EXPORT-FORMATS §12)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moonshine_assets.exports.loose import as_dict, as_list, first_ident, first_text, odd
from moonshine_assets.exports.records import Block
from moonshine_assets.exports.values import arguments_of, output_of, payload, rest, text_or_none

_TOOL_KEYS = frozenset(
    {
        *("kind", "toolId", "toolCallId", "toolName", "resultDetails", "presentation", "isConfirmed", "isComplete"),
        *("source", "invocationMessage", "pastTenseMessage", "originMessage", "generatedTitle", "toolSpecificData"),
    }
)
_MARKDOWN_KEYS = frozenset(
    {"value", "supportThemeIcons", "supportHtml", "isTrusted", "baseUri", "uris", "supportAlertSyntax"}
)
#: What the editor shows while it works; no words of the answer.
_PLUMBING = frozenset({"mcpServersStarting", "prepareToolInvocation", "undoStop"})


def response_blocks(response: Any, flags: set[str]) -> list[Block]:
    """Blocks of a response in order. Markdown and the references inside its sentences become one text."""
    blocks: list[Block] = []
    prose: list[str] = []
    for item in as_list(response):
        said = _prose(item)
        if said is not None:
            prose.append(said)
            continue
        if any(prose):
            blocks.append(Block("text", "".join(prose)))
        prose = []
        blocks.extend(_item(item, flags))
    if any(prose):
        blocks.append(Block("text", "".join(prose)))
    return blocks


def _prose(item: Any) -> str | None:
    """The words of a piece of the sentence; None for anything else, and for what would lose something."""
    if isinstance(item, str):
        return item
    if not isinstance(item, dict):
        return None
    kind = item.get("kind")
    if kind is None and isinstance(item.get("value"), str) and item.keys() <= _MARKDOWN_KEYS:
        return str(item["value"])
    if kind in ("markdownContent", "markdownVuln"):
        return _markdown(item.get("content"))
    if kind == "inlineReference":
        return text_or_none(item.get("name")) or _place(item.get("inlineReference"))
    return None


def _markdown(value: Any) -> str | None:
    """A text, or Markdown as the editor wraps it."""
    if isinstance(value, dict):
        value = value.get("value")
    return value if isinstance(value, str) else None


def _place(reference: Any) -> str | None:
    """The name of a symbol, or the last part of the path of a file."""
    stated = as_dict(reference)
    name = text_or_none(stated.get("name"))
    inner = as_dict(stated.get("uri")) or as_dict(as_dict(stated.get("location")).get("uri")) or stated
    path = first_text(inner, "path", "fsPath", "external")
    return name or (path.rpartition("/")[2] or path if path else None)


def _item(item: Any, flags: set[str]) -> list[Block]:
    if not isinstance(item, dict):
        return [] if item is None else [odd(item, flags)]
    kind = item.get("kind")
    reader = _KINDS.get(kind) if isinstance(kind, str) else None
    return reader(item, flags) if reader is not None else [_raw(item)]


def _thinking(item: dict[str, Any], flags: set[str]) -> list[Block]:
    value = item.get("value")
    pieces = [piece for piece in as_list(value) if isinstance(piece, str)]
    if not any(pieces):
        return [] if value in ("", [], None) else [odd(item, flags)]
    held = rest(item, ("kind", "value", "id", "metadata", "generatedTitle"))
    return [Block("thinking", "".join(pieces), payload=held)]


def _tool(item: dict[str, Any], flags: set[str]) -> list[Block]:  # noqa: ARG001
    """A tool that was run: what it was told, and what it gave back."""
    name, call_id = first_text(item, "toolId", "toolName"), first_ident(item, "toolCallId")
    specific, details = item.get("toolSpecificData"), item.get("resultDetails")
    given = as_dict(details).get("input")
    if given is None:
        data = as_dict(specific)
        given = data.get("rawInput") or as_dict(data.get("commandLine")).get("original") or data.get("command")
    arguments, told = arguments_of(given)
    labels = [_markdown(item.get(key)) for key in ("invocationMessage", "pastTenseMessage")]
    shown = "\n".join(dict.fromkeys(label for label in labels if label)) or None
    held = rest({**item, "data": specific}, _TOOL_KEYS)
    blocks = [Block("tool_call", told or shown, name, call_id, arguments, payload=held)]
    if told and shown:
        blocks.append(Block("raw", shown, name, call_id))
    if details is None:
        return blocks
    if not isinstance(details, dict):
        text, others = output_of(details)
        return [*blocks, Block("tool_result", text, name, call_id, payload=others)]
    text, others = output_of(_outputs(details.get("output")))
    failed = details.get("isError")
    more = payload({"output": others}) if others else None
    error = failed if isinstance(failed, bool) else None
    return [*blocks, Block("tool_result", text, name, call_id, is_error=error, payload=more)]


def _outputs(output: Any) -> Any:
    """Parts of an output with their text where it is looked for."""
    if not isinstance(output, list):
        return output
    return [
        {"text": part["value"], **{key: value for key, value in part.items() if key not in ("value", "type")}}
        if isinstance(part, dict) and isinstance(part.get("value"), str) and not part.get("base64Data")
        else part
        for part in output
    ]


def _edits(item: dict[str, Any], flags: set[str]) -> list[Block]:  # noqa: ARG001
    """The new text of a file, edit by edit; they come in groups."""
    found: list[str] = []
    for group in as_list(item.get("edits")):
        for edit in as_list(group):
            cell = as_dict(edit).get("cells")
            texts_here = [as_dict(edit).get("text"), *(as_dict(one).get("source") for one in as_list(cell))]
            found += [text for text in texts_here if isinstance(text, str) and text]
    return [Block("code", "\n".join(found) or None, tool_name=str(item["kind"]), payload=payload(item))]


def _plumbing(item: dict[str, Any], flags: set[str]) -> list[Block]:  # noqa: ARG001
    return [Block("raw", payload=payload(item))]


def _raw(item: dict[str, Any]) -> Block:
    """A kind of its own: whole, and what is plainly text in it as its text."""
    found: list[str] = []
    for key in ("title", "subtitle", "message", "content", "value", "text"):
        said = _markdown(item.get(key))
        if said and said not in found:
            found.append(said)
    command = first_text(as_dict(item.get("command")), "title")
    return Block("raw", "\n".join([*found, *([command] if command else [])]) or None, payload=payload(item))


_KINDS: dict[str, Callable[[dict[str, Any], set[str]], list[Block]]] = {
    "thinking": _thinking,
    "toolInvocationSerialized": _tool,
    "toolInvocation": _tool,
    "textEditGroup": _edits,
    "textEdit": _edits,
    "notebookEditGroup": _edits,
    "notebookEdit": _edits,
    **dict.fromkeys(_PLUMBING, _plumbing),
}
