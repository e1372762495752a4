"""The rounds of an agent in VS Code, as `result.metadata` has them; the response shows no more than labels of calls.

toolCallRounds[{response, thinking{text}, toolCalls[{id, name, arguments (JSON in a string)}]}]
toolCallResults{call id: {content[{value}]}}
"""

from __future__ import annotations

from typing import Any

from moonshine_assets.exports.loose import as_dict, as_list, first_ident, first_text
from moonshine_assets.exports.records import Block
from moonshine_assets.exports.values import arguments_of, output_of, payload, rest, texts_of

_ROUNDS, _RESULTS = "toolCallRounds", "toolCallResults"
_ROUND_KEYS = ("id", "response", "thinking", "toolCalls")
#: Kind of block → where a round has its text.
_SPOKEN = {"thinking": "thinking", "text": "response"}


def with_rounds(blocks: list[Block], metadata: dict[str, Any]) -> list[Block]:
    """The blocks of a response with what the rounds say beyond them, before the last of its texts; at the end, as
    JSON, what else the editor noted, which holds the prompt as it was sent."""
    results = dict(as_dict(metadata.get(_RESULTS)))
    said = {kind: "".join(_squeezed(block.text) for block in blocks if block.kind == kind) for kind in _SPOKEN}
    shown: dict[str | None, Block] = {
        block.tool_call_id: block for block in blocks if block.kind == "tool_call" and block.tool_call_id
    }
    answered = {block.tool_call_id for block in blocks if block.kind == "tool_result"}
    further: list[Block] = []
    for step in as_list(metadata.get(_ROUNDS)):
        stated = as_dict(step)
        for kind, key in _SPOKEN.items():
            text = "\n".join(texts_of(stated.get(key))[0])
            if _squeezed(text) not in said[kind]:
                further.append(Block(kind, text))
        for call in as_list(stated.get("toolCalls")):
            further += _call(as_dict(call), shown, answered, results)
        if held := rest(stated, _ROUND_KEYS) if stated else payload(step):
            further.append(Block("raw", payload=held))
    held = rest({**metadata, _RESULTS: results}, (_ROUNDS, "modelId"))
    place = max((rank for rank, block in enumerate(blocks) if block.kind == "text"), default=len(blocks))
    return [*blocks[:place], *further, *blocks[place:], *([Block("raw", payload=held)] if held else [])]


def _call(
    call: dict[str, Any], shown: dict[str | None, Block], answered: set[str | None], results: dict[str, Any]
) -> list[Block]:
    """The call, unless the response shows it already, then it is completed there; and its result, taken out of
    `results` where the response has none."""
    call_id, name = first_ident(call, "id"), first_text(call, "name")
    arguments, text = arguments_of(call.get("arguments"))
    blocks: list[Block] = []
    known = shown.get(call_id) if call_id is not None else None
    if known is None:
        blocks.append(Block("tool_call", text, name, call_id, arguments))
    elif known.arguments is None and text is not None:
        blocks.append(Block("raw", known.text, name, call_id))
        known.text, known.arguments = text, arguments
    if call_id in results and call_id not in answered:
        found = as_dict(results.pop(call_id))
        parts = [
            {"text": part.get("value")} if isinstance(part, dict) else part for part in as_list(found.get("content"))
        ]
        result, others = output_of(parts)
        held = rest({**found, "others": others}, ("content", "$mid"))
        blocks.append(Block("tool_result", result, name, call_id, payload=held))
    return blocks


def _squeezed(text: str | None) -> str:
    return "".join((text or "").split())
