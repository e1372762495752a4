"""The parts of a chunk (EXPORT-FORMATS §8): text, thoughts, code that was run, files; what is unknown is kept raw."""

from __future__ import annotations

from typing import Any

from moonshine_assets.exports.loose import as_dict, as_list, first_ident, first_text, odd, texts, unknown_fields
from moonshine_assets.exports.records import Attachment, Block
from moonshine_assets.exports.values import arguments_of, ident, output_of, payload, rest, text_or_none

_CODE_TOOL = "code_execution"
#: Name of a field → what the file is; their bytes stand in the export as base64, or on Drive.
_FILES = {
    "inlineData": "file",
    "inlineImage": "image",
    "inlineAudio": "audio",
    "inlineVideo": "file",
    "inlineFile": "file",
    "fileData": "file",
    "driveDocument": "file",
    "driveImage": "image",
    "driveAudio": "audio",
    "driveVideo": "file",
    "youtubeVideo": "file",
}
_SOURCES = ("grounding", "groundingMetadata", "citations", "citationMetadata", "urlContextMetadata")
_CALLS = ("executableCode", "codeExecutionResult", "functionCall", "functionResponse")
_CHUNK_KNOWN = frozenset(
    {
        *_FILES,
        *_SOURCES,
        *_CALLS,
        *("id", "role", "text", "parts", "isThought", "errorMessage", "createTime", "finishReason", "model"),
        *("tokenCount", "isEdited", "thoughtSignatures", "thoughtSignature", "thinkingBudget", "safetyRatings"),
    }
)
_PART_KNOWN = frozenset({*_FILES, *_CALLS, "text", "thought", "thoughtSignature"})


def instruction_blocks(instruction: Any, flags: set[str]) -> list[Block]:
    """The system instruction: a text, or an object with a text or with parts."""
    if not isinstance(instruction, dict):
        return texts("text", instruction, flags)
    attachments: list[Attachment] = []
    return _said(instruction, "text", attachments, flags) + unknown_fields(
        instruction, frozenset({"text", "parts", "role"})
    )


def chunk_blocks(chunk: dict[str, Any], attachments: list[Attachment], flags: set[str]) -> list[Block]:
    """Blocks of a chunk in order; its files are added to `attachments`, `odd_content` to `flags`."""
    blocks = _said(chunk, "thinking" if chunk.get("isThought") is True else "text", attachments, flags)
    for key in _CALLS:
        if chunk.get(key) is not None and not any(as_dict(part).get(key) for part in as_list(chunk.get("parts"))):
            blocks.extend(_call(key, chunk[key], flags))
    blocks.extend(_files(chunk, attachments, flags))
    for block in texts("error", chunk.get("errorMessage"), flags):
        block.is_error = True
        blocks.append(block)
    sources = {key: chunk[key] for key in _SOURCES if chunk.get(key)}
    if sources:
        blocks.append(Block("citation", payload=payload(sources)))
    return blocks + unknown_fields(chunk, _CHUNK_KNOWN)


def _said(item: dict[str, Any], kind: str, attachments: list[Attachment], flags: set[str]) -> list[Block]:
    """Text and parts: the parts repeat the text, with or without the thoughts among them; it counts where they do
    not."""
    blocks: list[Block] = []
    for part in as_list(item.get("parts")):
        blocks.extend(_part(part, kind, attachments, flags))
    spoken = [block for block in blocks if block.kind in ("text", "thinking") and block.text]
    pieces = ([block.text or "" for block in spoken], [block.text or "" for block in spoken if block.kind == kind])
    repeated = {between.join(piece).strip() for piece in pieces for between in ("", "\n", "\n\n")}
    text = item.get("text")
    if isinstance(text, str) and text.strip() not in repeated:
        blocks[:0] = texts(kind, text, flags)
    elif text is not None and not isinstance(text, str):
        blocks.append(odd({"text": text}, flags))
    return blocks


def _part(part: Any, kind: str, attachments: list[Attachment], flags: set[str]) -> list[Block]:
    if not isinstance(part, dict):
        return texts(kind, part, flags)
    blocks = texts("thinking" if part.get("thought") is True else kind, part.get("text"), flags)
    for key in _CALLS:
        if part.get(key) is not None:
            blocks.extend(_call(key, part[key], flags))
    return blocks + _files(part, attachments, flags) + unknown_fields(part, _PART_KNOWN)


def _call(key: str, value: Any, flags: set[str]) -> list[Block]:
    """Code that was run and what came of it; functions called and what they gave back."""
    if not isinstance(value, dict):
        return texts("raw", value, flags)
    if key == "executableCode":
        return [Block("code", text_or_none(value.get("code")), tool_name=_CODE_TOOL, payload=rest(value, ("code",)))]
    if key == "codeExecutionResult":
        outcome = text_or_none(value.get("outcome"))
        failed = None if outcome is None else outcome.upper() not in ("OK", "OUTCOME_OK")
        text, more = text_or_none(value.get("output")), rest(value, ("output",))
        return [Block("tool_result", text, tool_name=_CODE_TOOL, is_error=failed, payload=more)]
    name, call_id = text_or_none(value.get("name")), first_ident(value, "id")
    if key == "functionCall":
        given = value.get("args", value.get("parameters"))
        arguments, said = arguments_of(given)
        more = rest(value, ("name", "id", "args", "parameters"))
        return [Block("tool_call", said, tool_name=name, tool_call_id=call_id, arguments=arguments, payload=more)]
    text, others = output_of(value.get("response"))
    return [Block("tool_result", text, tool_name=name, tool_call_id=call_id, payload=others)]


def _files(item: dict[str, Any], attachments: list[Attachment], flags: set[str]) -> list[Block]:
    blocks: list[Block] = []
    for key, kind in _FILES.items():
        value = item.get(key)
        if value is None:
            continue
        if not isinstance(value, dict):
            blocks.append(odd({key: value}, flags))
            continue
        mime = first_text(value, "mimeType", "mime_type")
        data = value.get("data")
        size = len(data) * 3 // 4 if isinstance(data, str) else None
        shown = {name: held for name, held in value.items() if held and name != "data"}
        if mime is not None and mime.startswith(("image/", "audio/")):
            kind = mime[:5]
        blocks.append(Block(kind, payload=payload({key: {**shown, **({"bytes": size} if size is not None else {})}})))
        attachments.append(
            Attachment(
                attachment_id=ident(value.get("id")) or first_text(value, "fileUri", "uri"),
                name=first_text(value, "displayName", "fileName", "name", "title"),
                mime_type=mime,
                size_bytes=size,
            )
        )
    return blocks
