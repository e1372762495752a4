"""Parts of a message to blocks (EXPORT-FORMATS §17)."""

from __future__ import annotations

from typing import Any

from moonshine_assets.exports.decode import compact_json
from moonshine_assets.exports.fields import as_json, ident, inline_bytes, items, mapping, rest, text_or_none
from moonshine_assets.exports.records import Attachment, Block

#: Marks of the client's own steps; what they count stands in the message.
_STATE = frozenset({"snapshot", "step-finish", "step-start"})
_ASIDE = frozenset({"id", "messageID", "sessionID", "time", "type"})
_FILE_KEYS = _ASIDE | {"filename", "mime", "url"}
_CALL_KEYS = _ASIDE | {"callID", "state", "tool", "name", "input", "output"}
_STATE_KEYS = frozenset({"content", "error", "input", "output", "raw", "status", "time"})


def part_blocks(part: dict[str, Any]) -> list[Block]:
    """The blocks of one part; a call and its answer are one part and two blocks."""
    kind = text_or_none(part.get("type"))
    if kind in _STATE:
        return []
    if kind in ("text", "reasoning") and isinstance(part.get("text"), str):
        payload = rest(part, _ASIDE | {"text", "synthetic", "ignored", "metadata"})
        named = "text" if kind == "text" else "thinking"
        return [Block(named, part["text"] or None, payload=payload)] if part["text"] or payload else []
    if kind == "tool":
        return _tool(part)
    if kind == "file":
        mime = text_or_none(part.get("mime")) or ""
        text = text_or_none(mapping(part.get("source")).get("content"))
        return [Block("image" if mime.startswith("image/") else "file", text, payload=as_json(part))]
    if kind == "subtask":
        prompt = text_or_none(part.get("prompt"))
        return [Block("raw", prompt, payload=rest(part, _ASIDE | {"prompt"} if prompt else _ASIDE))]
    if kind == "retry":
        return [
            Block(
                "error",
                text_or_none(mapping(mapping(part.get("error")).get("data")).get("message")),
                payload=as_json(part),
            )
        ]
    return [Block("raw", payload=as_json(part))]


def attached(part: dict[str, Any]) -> Attachment | None:
    """The file a part names, if it is one."""
    if part.get("type") != "file":
        return None
    stored = inline_bytes(part.get("url")) or {}
    return Attachment(
        attachment_id=ident(part.get("id")),
        name=text_or_none(part.get("filename")),
        mime_type=text_or_none(part.get("mime")),
        size_bytes=stored.get("size_bytes"),
    )


def error_block(error: Any) -> Block | None:
    """What a message says went wrong."""
    if not isinstance(error, dict):
        return None
    told = mapping(error.get("data")).get("message")
    return Block("error", text_or_none(told) or text_or_none(error.get("message")), payload=as_json(error))


def _tool(part: dict[str, Any]) -> list[Block]:
    state = mapping(part.get("state"))
    given = state.get("input", part.get("input"))
    arguments = None if given is None else compact_json(given)
    name = text_or_none(part.get("tool")) or text_or_none(part.get("name"))
    call_id = ident(part.get("callID")) or ident(part.get("id"))
    call = Block("tool_call", arguments, name, call_id, arguments, payload=rest(part, _CALL_KEYS))
    status = text_or_none(state.get("status"))
    told = next(
        (state[key] for key in ("output", "error", "content") if state.get(key) is not None), part.get("output")
    )
    if told is None and status not in ("completed", "error"):
        return [call]
    text = told if isinstance(told, str) else "\n".join(_texts(told)) or (None if told is None else as_json(told))
    code = mapping(state.get("metadata")).get("exit")
    failed = True if status == "error" else False if status in ("completed", "success") else None
    if isinstance(code, int) and not isinstance(code, bool):
        failed = failed or code != 0
    answer = Block("tool_result", text or None, name, call_id, is_error=failed, payload=rest(state, _STATE_KEYS))
    return [call, answer]


def _texts(value: Any) -> list[str]:
    return [text for part in items(value) if isinstance(text := mapping(part).get("text"), str) and text]
