"""A session in pieces that a model can read: every message under a short handle, in order, none split over pieces."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple

from moonshine_assets.sessions.distillation.said import Said

#: Of one message a model reads at most this share of a piece: its beginning and its end.
_SHARE = 4
_CUT = "\n[… {} characters left out …]\n"


class Chunk(NamedTuple):
    """A piece and what its handles stand for."""

    text: str
    ids: dict[str, str]


class Chunked(NamedTuple):
    """The pieces, and how many of the first messages stand in none of them because there would be too many."""

    chunks: list[Chunk]
    left_out: int


def chunked(messages: list[Said], chunk_bytes: int, max_chunks: int, model_context_tokens: int) -> Chunked:
    """Pieces of at most `chunk_bytes` bytes of UTF-8, and never more than fit three quarters of a model's context.

    A token is at least one byte, so bytes bound tokens. With more than `max_chunks` pieces the newest are kept.
    """
    size = max(256, min(chunk_bytes, model_context_tokens * 3 // 4))
    chunks: list[list[tuple[str, str, str]]] = [[]]
    used = 0
    for number, message in enumerate(messages):
        handle = f"m{number}"
        text = _line(handle, message, size // _SHARE)
        length = len(text.encode("utf-8"))
        if used and used + length > size:
            chunks.append([])
            used = 0
        chunks[-1].append((handle, message.message_id, text))
        used += length
    kept = [chunk for chunk in chunks[-max_chunks:] if chunk]
    left_out = len(messages) - sum(map(len, kept))
    return Chunked(
        [Chunk("".join(text for _, _, text in chunk), {handle: own for handle, own, _ in chunk}) for chunk in kept],
        left_out,
    )


def _line(handle: str, message: Said, most: int) -> str:
    time = "" if message.at is None else f" {datetime.fromtimestamp(message.at / 1e6, UTC):%Y-%m-%dT%H:%M:%SZ}"
    return f"[{handle}] {message.speaker}{time}: {_cut(message.evidence, most)}\n\n"


def _cut(text: str, most: int) -> str:
    """Head and tail of a long text; `most` is in bytes, so a character counts for what it takes."""
    data = text.encode("utf-8")
    if len(data) <= most:
        return text
    half = max(32, (most - 64) // 2)
    head, tail = data[:half].decode("utf-8", "ignore"), data[-half:].decode("utf-8", "ignore")
    return head + _CUT.format(len(text) - len(head) - len(tail)) + tail
