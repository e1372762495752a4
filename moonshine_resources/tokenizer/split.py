"""Places where a text may be cut so that the tokens of its parts add up exactly to the tokens of the whole.

o200k_base first cuts a text into pieces by a regular expression, and tokens never cross a piece. A cut is exact
when no piece can span it and no piece left of it looks past it:

- after an ASCII letter, before an ASCII byte that is neither a letter nor an apostrophe: a word piece goes on
  with letters, marks or a contraction only, and no other kind of piece holds a letter;
- after an ASCII digit, before an ASCII byte that is no digit: a number piece holds digits only;
- after a line feed, when neither white space nor a slash follows: white space that ends in a line feed is one
  piece up to that line feed, and a punctuation piece goes on with line ends and slashes only.

Both sides of every cut are whole characters, and the left one is ASCII: a UTF-8 decoder has nothing pending
there, so the parts decode as they do within the whole, invalid bytes included.
"""

from __future__ import annotations

import mmap
import re
from collections.abc import Iterator

CHUNK_BYTES = 4 * 1024 * 1024
"""Default size of a chunk: small enough to hold a few in memory."""

_EXACT = re.compile(
    rb"""
      [A-Za-z] (?= [\x00-&(-@\[-`{-\x7f] )
    | [0-9]    (?= [\x00-/:-\x7f] )
    | \n       (?= [^\s/] )
               (?! \xc2[\x85\xa0] | \xe1\x9a\x80 | \xe2\x80[\x80-\x8a\xa8\xa9\xaf] | \xe2\x81\x9f
                 | \xe3\x80\x80 )                     # the white space beyond ASCII
    """,
    re.VERBOSE,
)


def exact_chunks(
    buffer: bytes | memoryview | mmap.mmap, start: int = 0, end: int | None = None, target: int = CHUNK_BYTES
) -> Iterator[bytes]:
    """Cuts `buffer[start:end]` at exact split points, in order and without gaps.

    Each byte is looked at once: a chunk is at least `target` bytes long (the last one excepted) and ends at the
    first exact split point from there on. Text that has none, say an endless run of spaces or of Chinese
    without a line feed, becomes one growing chunk.

    Args:
        buffer: UTF-8 text; invalid bytes are allowed.
        start: first byte, inside the buffer and at a character's first byte.
        end: byte after the last one; the end of the buffer when None.
        target: bytes from which on a chunk may end, at least 1.

    Yields:
        Non-empty chunks; none when the range is empty.

    Raises:
        ValueError: the range does not lie in the buffer, or `target` is below 1.
    """
    end = len(buffer) if end is None else end
    if not 0 <= start <= end <= len(buffer) or target < 1:
        raise ValueError(f"no chunks of {target} bytes in {start}:{end} of {len(buffer)} bytes")
    while start < end:
        cut = _first_cut(buffer, start + target, end)
        yield bytes(buffer[start:cut])
        start = cut


def _first_cut(buffer: bytes | memoryview | mmap.mmap, earliest: int, end: int) -> int:
    """The first exact split point at `earliest` or later, else `end`.

    A function of its own because a match keeps a map from being closed for as long as it is referred to.
    """
    found = _EXACT.search(buffer, earliest - 1, end)
    return found.end() if found else end
