"""Messages that are not the model's own: prompts, results, instructions, notes of the client (EXPORT-FORMATS §14)."""

from __future__ import annotations

from moonshine_assets.exports.adapters.codex.items import attached, message_blocks, result_block
from moonshine_assets.exports.adapters.codex.prompts import Prompts, asked, is_machine_written
from moonshine_assets.exports.adapters.codex.wire import Entry, texts_of
from moonshine_assets.exports.decode import compact_json
from moonshine_assets.exports.fields import as_json, items, mapping, rest, text_or_none
from moonshine_assets.exports.records import Block, Message


def of_item(entry: Entry, prompts: Prompts, tools: dict[str, str | None]) -> Message:
    """The message of an item that is no part of an answer."""
    body = entry.body
    content = body.get("content", body.get("message"))
    if entry.type == "message" and body.get("role") == "user":
        is_human = entry.number in prompts.confirmed
        if not prompts.are_confirmed:
            texts = texts_of(content)
            is_human = not texts or not all(is_machine_written(text) for text in texts)
        made = spoken(message_blocks(content)) if is_human else injected(message_blocks(content))
        made.attachments = attached(content)
        return made
    if entry.type.endswith(("_output", "_result")):
        block = result_block(body, tools)
        output = body.get("output")
        return Message("tool", "tool", [block], author_name=block.tool_name, attachments=attached(output))
    if entry.type == "agent_message":
        made = Message("user", "model", message_blocks(content))
        made.author_name, made.recipient = text_or_none(body.get("author")), text_or_none(body.get("recipient"))
        return made
    if entry.type == "message":
        return note(message_blocks(content))
    return note([Block("raw", payload=as_json(body))])


def spoken(blocks: list[Block]) -> Message:
    """A person's prompt; what the client put around it goes to the payload."""
    for block in blocks:
        if block.kind != "text" or not block.text:
            continue
        if len(blocks) > 1 and is_machine_written(block.text):
            block.kind, block.payload, block.text = "raw", compact_json({"injected": [block.text]}), None
            continue
        text, context = asked(block.text)
        if context is not None:
            block.payload = compact_json({"context": context})
        block.text = text
    return Message("user", "human", blocks)


def injected(blocks: list[Block]) -> Message:
    """What the client says in the user's role."""
    return Message("user", "client_injected", blocks, visible=False)


def note(blocks: list[Block], flags: list[str] | None = None) -> Message:
    """What the client tells the model or keeps for itself."""
    return Message("system", "client_injected", blocks, visible=False, flags=list(flags or []))


def instructions(entry: Entry, said: set[str]) -> Message | None:
    """The instructions a session begins with; None when there are none, or none that are new."""
    given = (entry.body.get("instructions"), mapping(entry.body.get("base_instructions")).get("text"))
    new = [text for text in given if isinstance(text, str) and text and text.strip() not in said]
    said.update(text.strip() for text in new)
    return note([Block("text", text) for text in new], ["instructions"]) if new else None


def compaction(entry: Entry, said: set[str]) -> Message:
    """What a compaction puts in the place of the history: its summary, and what of the new history is new."""
    texts = [text] if (text := text_or_none(entry.body.get("message"))) else []
    for item in items(entry.body.get("replacement_history")):
        texts += [
            text for text in texts_of(mapping(item).get("content")) if text.strip() not in said and text not in texts
        ]
    blocks = [Block("text", text) for text in texts]
    payload = rest(entry.body, {"message", "replacement_history"})
    return note(blocks or [Block("raw", payload=payload)], ["compaction_summary"])
