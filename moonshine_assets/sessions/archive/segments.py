"""Pieces of archived files: at most 1 MiB each, packed with zstd, named by the SHA-256 of what they hold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, NamedTuple

from moonshine_assets.errors import Corruption
from moonshine_resources.atomic import atomic_file

#: Of a file that is rewritten, no more than this is stored again before the place where it differs.
SEGMENT_BYTES = 1 << 20
_FOLDER = "segments"


class Segment(NamedTuple):
    """A piece of a file: its bytes, and the hash of them."""

    size: int
    sha256: str


class Content(NamedTuple):
    """A whole file: its size, its hash, and the segments it is made of in this order."""

    size: int
    sha256: str
    segments: tuple[Segment, ...]


def take_in(folder: Path, stream: BinaryIO, size: int, before: Sequence[Segment] = ()) -> Content:
    """Keep the first `size` bytes of a stream, writing only what is new.

    Args:
        folder: the session's folder.
        stream: the file, at its beginning.
        size: bytes to be read; fewer when the file ends before.
        before: the segments it was made of the last time; those that it still begins with are kept.

    Raises:
        StorageFull: there is no space.
    """
    whole = sha256()
    segments: list[Segment] = []
    rest = b""
    for known in before:
        left = size - sum(one.size for one in segments)
        rest = _read(stream, min(known.size, left))
        if len(rest) != known.size or sha256(rest).hexdigest() != known.sha256:
            break
        whole.update(rest)
        segments.append(_store(folder, rest, known.sha256))
        rest = b""
    left = size - sum(one.size for one in segments) - len(rest)
    for piece in _cut(rest, stream, left):
        whole.update(piece)
        segments.append(_store(folder, piece))
    return Content(sum(one.size for one in segments), whole.hexdigest(), tuple(segments))


def pieces(folder: Path, content: Content) -> Iterator[bytes]:
    """The bytes of a kept file, a segment at a time, each of them and then the whole compared with its hash.

    Raises:
        Corruption: a segment is missing or damaged.
    """
    whole = sha256()
    for segment in content.segments:
        data = _load(folder, segment)
        whole.update(data)
        yield data
    if whole.hexdigest() != content.sha256:
        raise Corruption(
            f"its segments make SHA-256 {whole.hexdigest()}, not {content.sha256}",
            where=str(folder),
            fix="put the folder back from a backup, or archive the session again",
        )


def bytes_from(folder: Path, content: Content, offset: int) -> Iterator[bytes]:
    """The bytes of a kept file from an offset on, a segment at a time; those before it are not read.

    Raises:
        Corruption: a segment is missing or damaged.
    """
    begin = 0
    for segment in content.segments:
        if begin + segment.size > offset:
            yield _load(folder, segment)[max(0, offset - begin) :]
        begin += segment.size


def _cut(begun: bytes, stream: BinaryIO, left: int) -> Iterator[bytes]:
    """What was read already and what is left of the stream, in pieces of a segment's size."""
    data = begun
    while True:
        wanted = min(SEGMENT_BYTES - len(data), left)
        found = _read(stream, wanted) if wanted > 0 else b""
        data, left = data + found, left - len(found)
        if data:
            yield data[:SEGMENT_BYTES]
        if len(found) < wanted or left <= 0:
            return
        data = data[SEGMENT_BYTES:]


def _read(stream: BinaryIO, size: int) -> bytes:
    """That many bytes, fewer only at the end of the file."""
    found = stream.read(size)
    while len(found) < size and (more := stream.read(size - len(found))):
        found += more
    return found


def _path(folder: Path, name: str) -> Path:
    return folder / _FOLDER / f"{name}.zst"


def set_aside(folder: Path, content: Content) -> list[Path]:
    """Move segments that are damaged away, so that they are stored again while the session still has them; where they
    are now."""
    moved = []
    for segment in content.segments:
        path = _path(folder, segment.sha256)
        try:
            _load(folder, segment)
        except Corruption:
            if path.exists():
                moved.append(path.replace(path.with_name(f"{path.name}.damaged")))
    return moved


def _store(folder: Path, data: bytes, known: str | None = None) -> Segment:
    """Keep a piece, unless it is kept already; `known` is its hash where that is known."""
    from moonshine_resources.zstd import packed

    segment = Segment(len(data), known or sha256(data).hexdigest())
    path = _path(folder, segment.sha256)
    if not path.exists():
        with atomic_file(path, mode=0o444) as stream:
            stream.write(packed(data))
    return segment


def _load(folder: Path, segment: Segment) -> bytes:
    from moonshine_resources.zstd import unpacked

    path = _path(folder, segment.sha256)
    try:
        data = unpacked(path.read_bytes(), segment.size)
    except FileNotFoundError as error:
        raise Corruption("a segment is missing", where=str(path), fix="put it back from a backup") from error
    except Corruption as error:
        raise error.inside(str(path)) from error
    if sha256(data).hexdigest() != segment.sha256:
        raise Corruption("a segment holds other bytes", where=str(path), fix="put it back from a backup")
    return data
