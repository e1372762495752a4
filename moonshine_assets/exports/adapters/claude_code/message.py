"""One record of a log to the message it says, or to none (EXPORT-FORMATS §13)."""

from __future__ import annotations

from typing import Any

from moonshine_assets.exports.adapters.claude_code.blocks import attached, content_blocks
from moonshine_assets.exports.adapters.claude_code.injected import is_machine_written, prose
from moonshine_assets.exports.decode import compact_json
from moonshine_assets.exports.fields import as_json, mapping, rest, text_or_none
from moonshine_assets.exports.records import Block, Message
from moonshine_assets.exports.times import to_micros

#: Records that hold settings, pointers and mirrors of what stands in the messages.
BOOKKEEPING = frozenset(
    {
        "agent-name",
        "agent-setting",
        "ai-title",
        "api-request",
        "api-request-blob",
        "api-request-shape",
        "atis-latch",
        "attribution-snapshot",
        "bridge-session",
        "content-replacement",
        "cost-state",
        "custom-title",
        "file-history-snapshot",
        "frame-link",
        "last-prompt",
        "mode",
        "permission-mode",
        "pr-link",
        "progress",
        "relocated",
        "speculation-accept",
        "tag",
        "task-summary",
        "worktree-state",
    }
)
_SYNTHETIC = "<synthetic>"
#: Where the records of hooks, reminders and files have their words.
_WORDED = ("content", "prompt", "snippet", "stdout", "stderr", "message", "text", "summary", "plan", "blockingError")
_ENVELOPE = frozenset(
    {
        "agentId",
        "cwd",
        "entrypoint",
        "forkedFrom",
        "gitBranch",
        "isSidechain",
        "logicalParentUuid",
        "parentUuid",
        "promptId",
        "requestId",
        "sessionId",
        "session_id",
        "slug",
        "timestamp",
        "type",
        "userType",
        "uuid",
        "version",
    }
)


def message_of(record: dict[str, Any], tools: dict[str, str | None]) -> Message | None:
    """The message of a record that is not part of an answer; None for bookkeeping.

    `tools` maps the call ids seen so far to tool names.
    """
    kind = text_or_none(record.get("type"))
    if kind in BOOKKEEPING:
        return None
    made = None
    if kind == "user":
        made = _user(record, tools)
    elif kind == "attachment":
        made = _attachment(mapping(record.get("attachment")), record)
    elif kind == "system":
        made = _system(record)
    elif kind == "summary":
        made = _summary(record)
    elif kind == "queue-operation":
        made = _queued(record)
    if made is None:
        made = _client([Block("raw", payload=as_json(record))], flags=["unknown_record"])
    made.created_at = to_micros(record.get("timestamp"))
    return made


def answer_of(records: list[dict[str, Any]]) -> Message:
    """The one message that the lines of an answer make, its blocks in file order."""
    blocks: list[Block] = []
    answer = Message("assistant", "model", blocks)
    for record in records:
        message = mapping(record.get("message"))
        blocks.extend(content_blocks(message.get("content", record.get("message"))))
        answer.attachments = [*answer.attachments, *attached(message.get("content"))]
        answer.model = text_or_none(message.get("model")) or answer.model
        answer.stop_reason = text_or_none(message.get("stop_reason")) or answer.stop_reason
        answer.alias_id = text_or_none(message.get("id")) or answer.alias_id
        if record.get("isApiErrorMessage") is True:
            answer.author_kind, answer.status = "client_injected", "error"
    answer.created_at = next((at for record in records if (at := to_micros(record.get("timestamp")))), None)
    if answer.model == _SYNTHETIC:
        answer.author_kind, answer.model = "client_injected", None
    if answer.status == "error":
        answer.blocks = [Block("error", block.text) if block.kind == "text" else block for block in blocks]
    return answer


def _user(record: dict[str, Any], tools: dict[str, str | None]) -> Message:
    said = mapping(record.get("message"))
    content = said.get("content", record.get("message"))
    blocks = content_blocks(content)
    files = attached(content)
    if any(block.kind == "tool_result" for block in blocks):
        return _tool(record, blocks, files, tools)
    if is_machine_written(record):
        shown = record.get("isMeta") is not True and not record.get("isVisibleInTranscriptOnly")
        flags = ["compaction_summary"] if record.get("isCompactSummary") is True else []
        return Message("user", "client_injected", blocks, visible=shown, attachments=files, flags=flags)
    return _spoken(blocks, files)


def _spoken(blocks: list[Block], files: list[Any]) -> Message:
    """A prompt: a person's where anything in it is a person's, the client's elements taken out of the text."""
    taken = [prose(block.text) if block.kind == "text" and block.text else None for block in blocks]
    written = any(said.text for said in taken if said is not None) or any(block.kind != "text" for block in blocks)
    if not written:
        return Message("user", "client_injected", blocks, attachments=files)
    for block, said in zip(blocks, taken, strict=True):
        if said is not None and said.injected:
            block.text = said.text or None
            block.kind = "text" if said.text else "raw"
            block.payload = compact_json({"injected": said.injected})
    return Message("user", "human", blocks, attachments=files)


def _tool(record: dict[str, Any], blocks: list[Block], files: list[Any], tools: dict[str, str | None]) -> Message:
    results = [block for block in blocks if block.kind == "tool_result"]
    for block in results:
        block.tool_name = tools.get(block.tool_call_id or "")
    detail = record.get("toolUseResult")
    if detail is not None and detail != results[0].text:
        extra = rest({"toolUseResult": detail}, frozenset())
        if extra and results[0].payload:
            extra = results[0].payload[:-1] + "," + extra[1:]
        results[0].payload = extra or results[0].payload
    return Message("tool", "tool", blocks, author_name=results[0].tool_name, attachments=files)


def _attachment(attachment: dict[str, Any], record: dict[str, Any]) -> Message:
    """A hook's output, a reminder, a file; or a prompt typed while the agent was at work."""
    if attachment.get("type") == "queued_command":
        made = _spoken(content_blocks(attachment.get("prompt")), attached(attachment.get("prompt")))
        if attachment.get("commandMode") not in (None, "prompt") or is_machine_written({**record, **attachment}):
            made.author_kind = "client_injected"
        made.flags = ["queued"]
        return made
    texts = [text for key in _WORDED for text in _texts(attachment.get(key))]
    payload = rest(attachment, {key for key in _WORDED if isinstance(attachment.get(key), str)})
    made = _client([Block("text" if texts else "raw", "\n".join(texts) or None, payload=payload)])
    made.author_name = text_or_none(attachment.get("type"))
    return made


def _system(record: dict[str, Any]) -> Message:
    subtype = text_or_none(record.get("subtype"))
    text = "\n".join(_texts(record.get("content")))
    payload = rest(record, _ENVELOPE | {"content"})
    failed = subtype in ("api_error", "error") or record.get("level") == "error"
    kind = "error" if failed and text else "text" if text else "raw"
    return _client([Block(kind, text or None, payload=payload)] if text or payload else [], author_name=subtype)


def _summary(record: dict[str, Any]) -> Message:
    said = record.get("summary") or mapping(record.get("message")).get("content")
    return _client(content_blocks(said), flags=["summary"])


def _queued(record: dict[str, Any]) -> Message:
    return _client(content_blocks(record.get("content")), flags=["queued"])


def _client(blocks: list[Block], author_name: str | None = None, flags: list[str] | None = None) -> Message:
    return Message("system", "client_injected", blocks, visible=False, author_name=author_name, flags=list(flags or []))


def _texts(value: Any) -> list[str]:
    """The strings of a worded field: a text, a list of texts, or an object that has one under such a field again."""
    if isinstance(value, str):
        return [value] if value else []
    if isinstance(value, list):
        return [text for item in value for text in _texts(item)]
    if isinstance(value, dict):
        return [text for key in (*_WORDED, "file") for text in _texts(value.get(key))]
    return []
