"""One message of `chat.history.messages`: who speaks, with which model, how it was rated, what went wrong.

Shared by Open WebUI and Qwen, whose messages differ in their contents alone. Feedback (ratings.py) comes from
`annotation`: a thumb with tags, reason, comment and a mark of 1 to 10 as details; in the arena, where the person saw
two answers without their names, a preference instead.
"""

from __future__ import annotations

from typing import Any

from moonshine_assets.exports.adapters.openwebui.wire import WireMessage
from moonshine_assets.exports.ratings import preference, rating, thumb
from moonshine_assets.exports.records import Attachment, Block, Message
from moonshine_assets.exports.values import ident, moment, payload, text_or_none, texts_of

_SPEAKERS = {
    "user": ("user", "human"),
    "human": ("user", "human"),
    "assistant": ("assistant", "model"),
    "model": ("assistant", "model"),
    "tool": ("tool", "tool"),
    "function": ("tool", "tool"),
    "system": ("system", "client_injected"),
    "developer": ("system", "client_injected"),
}
_ERROR_TEXTS = ("content", "message", "details", "detail", "error", "code")


def speaker(wire: WireMessage, flags: set[str]) -> tuple[str, str]:
    """Role and author; a message without a role that is an error or names a model is the model's."""
    known = _SPEAKERS.get(wire.role.lower()) if isinstance(wire.role, str) else None
    if known is not None:
        return known
    flags.add("unknown_role")
    answers = wire.error or wire.model or wire.output or wire.content_list or wire.reasoning_content
    return _SPEAKERS["assistant"] if answers else ("system", "client_injected")


def message_of(
    wire: WireMessage,
    key: str,
    who: tuple[str, str],
    blocks: list[Block],
    attachments: list[Attachment],
    conversation_flags: set[str],
    flags: set[str],
) -> Message:
    """The message of node `key` around its blocks; an error makes its text one, or adds a block."""
    if wire.error:
        add_error(blocks, wire.error)
    if wire.edited is True:
        flags.add("edited")
    own_id = ident(wire.id)
    return Message(
        role=who[0],
        author_kind=who[1],
        blocks=blocks,
        alias_id=own_id if own_id != key else None,
        model=_model(wire) if who[1] == "model" else None,
        created_at=moment(wire.timestamp, conversation_flags),
        status=_status(wire),
        stop_reason=_stop_reason(wire),
        feedback=_feedback(wire),
        attachments=attachments,
        flags=sorted(flags),
    )


def add_error(blocks: list[Block], error: Any) -> None:
    """`true` says that the text is an error; anything else is one beside the text."""
    if error is True:
        for block in blocks:
            if block.kind == "text":
                block.kind, block.is_error = "error", True
        return
    said = error
    while isinstance(said, dict):
        said = next((said[key] for key in _ERROR_TEXTS if said.get(key)), None)
    texts, _ = texts_of(said)
    more = payload({"error": error}) if isinstance(error, dict | list) else None
    blocks.append(Block("error", "\n".join(texts) or None, is_error=True, payload=more))


def _model(wire: WireMessage) -> str | None:
    """The arena's model is the one it stands for."""
    names = (wire.selectedModelId, wire.model, wire.modelName)
    return next((name for name in names if isinstance(name, str) and name), None)


def _status(wire: WireMessage) -> str | None:
    if wire.error:
        return "error"
    if wire.is_stop is True:
        return "stopped"
    return "in_progress" if wire.done is False else None


def _stop_reason(wire: WireMessage) -> str | None:
    if not isinstance(wire.info, dict):
        return None
    return text_or_none(wire.info.get("done_reason")) or text_or_none(wire.info.get("finish_reason"))


def _feedback(wire: WireMessage) -> str | None:
    stated = wire.annotation
    if not isinstance(stated, dict):
        return None
    details = {key: value for key, value in stated.items() if key != "rating" and value}
    known = thumb(stated.get("rating"))
    if wire.arena is True and known is not None:
        return preference(known == "up", details)
    return rating(stated.get("rating"), details)
