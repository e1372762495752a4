"""`parts` of text and multimodal_text: strings, asset pointers, transcriptions, objects of tomorrow."""

from __future__ import annotations

from typing import Any

from moonshine_assets.exports.decode import compact_json
from moonshine_assets.exports.records import Block

#: A run of text, or the block of a part that is an object.
Piece = str | Block

#: Asset pointers a message holds: (pointer with its scheme, declared size).
Pointers = list[tuple[str, object]]

#: Parts that hold further pointers instead of one of their own.
_NESTED = ("audio_asset_pointer", "video_container_asset_pointer", "frames_asset_pointers")


def pieces_of(content: dict[str, Any], pointers: Pointers) -> list[Piece] | None:
    """Strings joined by a line feed per run, blocks between them; None when the content holds something else."""
    parts = content.get("parts")
    if parts is None:
        text = content.get("text")
        if isinstance(text, str):
            return [text] if text else []
        return None if any(key not in ("content_type", "parts") for key in content) else []
    if type(parts) is list:
        if len(parts) == 1 and type(parts[0]) is str:
            return parts if parts[0] else []
    elif isinstance(parts, str | dict):
        parts = [parts]
    else:
        return None
    pieces: list[Piece] = []
    run: list[str] = []
    for part in parts:
        if isinstance(part, str):
            run.append(part)
        elif part is not None:
            _close(run, pieces)
            pieces.append(_part_block(part, pointers))
    _close(run, pieces)
    return pieces


def _close(run: list[str], pieces: list[Piece]) -> None:
    text = "\n".join(run)
    if text:
        pieces.append(text)
    run.clear()


def _part_block(part: object, pointers: Pointers) -> Block:
    payload = compact_json(part)
    if not isinstance(part, dict):
        return Block("raw", payload=payload)
    kind = part.get("content_type")
    text = part.get("text")
    pointed = collect_pointers(part, pointers)
    if kind == "audio_transcription":
        return Block("audio", text=text if isinstance(text, str) and text else None, payload=payload)
    if isinstance(kind, str) and pointed:
        return Block(_pointer_kind(kind), payload=payload)
    if isinstance(text, str) and text and kind in (None, "text"):
        return Block("text", text=text, payload=payload if len(part) > 1 + (kind is not None) else None)
    return Block("raw", payload=payload)


def _pointer_kind(content_type: str) -> str:
    for word in ("image", "audio"):
        if word in content_type:
            return word
    return "file"


def collect_pointers(part: dict[str, Any], pointers: Pointers) -> bool:
    """Add the asset pointers of a part, nested ones included; True when the part is about an asset."""
    pointer = part.get("asset_pointer")
    if isinstance(pointer, str) and pointer:
        pointers.append((pointer, part.get("size_bytes")))
        return True
    pointed = "asset_pointer" in part
    for key in _NESTED:
        nested = part.get(key)
        if nested is None:
            continue
        pointed = True
        for item in nested if isinstance(nested, list) else [nested]:
            if isinstance(item, str) and item:
                pointers.append((item, None))
            elif isinstance(item, dict) and isinstance(item.get("asset_pointer"), str):
                pointers.append((item["asset_pointer"], item.get("size_bytes")))
    return pointed
