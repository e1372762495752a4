"""Calls to tools and what came back: arguments, canvas documents, kernel errors and pictures."""

from __future__ import annotations

from typing import Any

import msgspec

from moonshine_assets.exports.adapters.chatgpt.parts import Pointers
from moonshine_assets.exports.adapters.chatgpt.wire import as_text
from moonshine_assets.exports.decode import compact_json
from moonshine_assets.exports.records import Block

_CANVAS = "canmore."
_OBJECT = msgspec.json.Decoder(dict[str, Any])


def call_block(text: str, recipient: str, payload: str | None) -> Block:
    """What the assistant sent to `recipient`: a call, or a document where the tool is the canvas.

    The text of a document is its content; of an update, the replacements in order; `arguments` hold the whole.
    """
    arguments = _object(text)
    if recipient.startswith(_CANVAS):
        document = _document(arguments) if arguments is not None else None
        return Block(
            "artifact",
            text=document if document is not None else text or None,
            tool_name=recipient,
            arguments=text if arguments is not None else None,
            payload=payload,
        )
    return Block(
        "tool_call",
        text=text or None,
        tool_name=recipient,
        arguments=text if arguments is not None else None,
        payload=payload,
    )


def result_error(aggregate: object) -> bool | None:
    """Whether the code that ran failed; None when the export does not say."""
    if not isinstance(aggregate, dict):
        return None
    if aggregate.get("in_kernel_exception"):
        return True
    status = as_text(aggregate.get("status"))
    if status is None:
        return None
    if status == "success":
        return False
    return True if status.startswith(("fail", "error", "timed_out", "timeout")) else None


def result_images(aggregate: object, pointers: Pointers) -> list[Block]:
    """Pictures the code drew: `messages[].image_url` of the aggregate result."""
    messages = aggregate.get("messages") if isinstance(aggregate, dict) else None
    blocks = []
    for message in messages if isinstance(messages, list) else ():
        url = as_text(message.get("image_url")) if isinstance(message, dict) else None
        if url is not None:
            pointers.append((url, None))
            blocks.append(Block("image", payload=compact_json({"asset_pointer": url})))
    return blocks


def _object(text: str) -> dict[str, Any] | None:
    """The payload as a JSON object, or None: prose and program text are no arguments."""
    if not text.lstrip().startswith("{"):
        return None
    try:
        return _OBJECT.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return None


def _document(arguments: dict[str, Any]) -> str | None:
    """Text of a canvas call; None when it has none."""
    content = as_text(arguments.get("content"))
    if content is not None:
        return content
    edits = arguments.get("updates") or arguments.get("comments")
    texts = [
        edit.get("replacement", edit.get("comment"))
        for edit in (edits if isinstance(edits, list) else ())
        if isinstance(edit, dict)
    ]
    return "\n".join(text for text in texts if isinstance(text, str)) or None
