"""Thinking and tool calls that stand as tags in the text of an answer (EXPORT-FORMATS §4, §6).

    <think>…</think>                                     at the beginning, or straight after another of these
    <details type="reasoning" …>                         `> ` before every line
    <details type="tool_calls" id name arguments result> attributes HTML-escaped JSON; newer: the result is the body
    <details type="code_interpreter" output>             body: a fenced block of code
Newer builds escape the bodies as a whole, quotes included; the older ones did not.
A tag that is never closed reaches to the end of the text: the answer was cut off there.
"""

from __future__ import annotations

import html
import re

from moonshine_assets.exports.decode import compact_json
from moonshine_assets.exports.records import Block
from moonshine_assets.exports.values import arguments_of, output_of, rest

_START = re.compile(r"<(?:details(?=[\s>])|think>|thinking>)")
_KIND = re.compile(r'\stype="(reasoning|tool_calls|code_interpreter)"')
_ATTRIBUTE = re.compile(r'(?<![\w-])([\w-]+)="([^"]*)"')
_BLANK = re.compile(r"\s*")
_FENCE = re.compile(r"\A```([\w+-]*)[^\n]*\n(.*?)\n?```\s*\Z", re.DOTALL)
#: What a body that was escaped as a whole cannot hold.
_UNESCAPED = re.compile("[<>\"']")
_READ = frozenset({"type", "done", "id", "name", "arguments", "result", "output"})


def split_markup(text: str) -> list[Block]:
    """The blocks of an answer in order: what stands between the tags is text, without the line feeds around it."""
    if "<details" not in text and "<think" not in text:
        return [Block("text", text)] if text else []
    blocks: list[Block] = []
    done = position = 0
    begin = _blank_end(text, 0)
    while (found := _START.search(text, position)) is not None:
        if found[0] == "<details":
            inside = text.find(">", found.end()) + 1
            kind = _KIND.search(text, found.end(), inside)
            closing = "</details>"
        else:
            inside = found.end()
            kind = found if found.start() == begin else None
            closing = f"</{found[0][1:]}"
        if not inside:
            break
        position = inside
        if kind is None:
            continue
        end = text.find(closing, inside)
        body = text[inside : end if end >= 0 else len(text)]
        position = end + len(closing) if end >= 0 else len(text)
        _add_text(blocks, text[done : found.start()])
        if found[0] == "<details":
            attributes = {name: html.unescape(value) for name, value in _ATTRIBUTE.findall(text[found.end() : inside])}
            blocks.extend(_details(kind[1], attributes, body))
        elif body.strip():
            blocks.append(Block("thinking", body.strip("\n")))
        done = position
        begin = _blank_end(text, done)
    _add_text(blocks, text[done:], whole=done == 0)
    return blocks


def code_call(code: str, language: str | None, tool_name: str, call_id: str | None) -> Block:
    """A call whose text is the code that was run."""
    given = {"language": language, "code": code} if language else {"code": code}
    return Block("tool_call", code, tool_name, call_id, compact_json(given))


def _blank_end(text: str, start: int) -> int:
    found = _BLANK.match(text, start)
    return found.end() if found is not None else start


def _add_text(blocks: list[Block], text: str, *, whole: bool = False) -> None:
    if text.strip() or (whole and text):
        blocks.append(Block("text", text if whole else text.strip("\n")))


def _details(kind: str, attributes: dict[str, str], body: str) -> list[Block]:
    summary, body = _summary(body)
    more = rest({**attributes, "summary": summary}, _READ)
    if kind == "reasoning":
        said = _unquoted(body)
        return [Block("thinking", said, payload=more)] if said.strip() else []
    name = attributes.get("name") or None
    call_id = attributes.get("id") or None
    blocks: list[Block] = []
    if kind == "code_interpreter":
        fenced = _FENCE.match(body)
        language, code = (fenced[1], fenced[2]) if fenced is not None else ("", body)
        name = name or kind
        if code.strip():
            blocks.append(code_call(code, language or None, name, call_id))
        given = attributes.get("output")
    else:
        arguments, said_to_tool = arguments_of(attributes.get("arguments") or None)
        if name or call_id or said_to_tool:
            blocks.append(Block("tool_call", said_to_tool, name, call_id, arguments, payload=more))
        given = attributes.get("result") or body
    result, others = output_of(given or None)
    if result:
        blocks.append(Block("tool_result", result, name, call_id, payload=others))
    return blocks


def _summary(body: str) -> tuple[str | None, str]:
    """What `<summary>` holds, and the body without it."""
    label: str | None = None
    inner = body.strip()
    if inner.startswith("<summary>"):
        before, closed, after = inner.removeprefix("<summary>").partition("</summary>")
        if closed:
            label, inner = html.unescape(before), after
    inner = inner.strip("\n")
    return label, inner if _UNESCAPED.search(inner) else html.unescape(inner)


def _unquoted(body: str) -> str:
    """The reasoning without its quote marks."""
    lines = body.split("\n")
    if all(line.startswith(">") for line in lines if line.strip()):
        lines = [line.removeprefix(">").removeprefix(" ") for line in lines]
    return "\n".join(lines)
