"""What a session file would fill of a window, by counting its text: for tools that state no usage."""

from __future__ import annotations

import os
from pathlib import Path

from msgspec.structs import replace

from moonshine_assets.sessions.usage.reading import Doubt, Reading, doubted
from moonshine_resources.tokenizer import TokenCounter

PROVIDER = "estimate"

#: No more of a file is counted than this many bytes a token of the window: it is full then, whatever stands before.
_BYTES_PER_TOKEN = 16


def estimated(reading: Reading, path: Path, counter: TokenCounter) -> Reading:
    """The reading with its use counted from the file. The JSON around the texts is counted with them and compaction is
    not known of, so the figure is rather too high: archiving comes early, and it is never trusted.

    Raises:
        OSError: the file cannot be read.
    """
    most = (reading.window_tokens or 0) * _BYTES_PER_TOKEN
    with path.open("rb") as stream:
        size = stream.seek(0, os.SEEK_END)
        stream.seek(max(0, size - most))
        used = counter.count_utf8(stream.read(most))
    doubts = {*reading.doubts, Doubt.ESTIMATED}
    return replace(reading, used_tokens=used, doubts=tuple(sorted(doubts)))


def read(path: Path, now: int, window: int, counter: TokenCounter) -> Reading:
    """The reading of a session file of any tool, against one window.

    Raises:
        OSError: the file cannot be read.
    """
    empty = Reading(
        provider=PROVIDER,
        session_id=path.stem,
        source_path=str(path),
        used_tokens=0,
        window_tokens=window,
        own_compaction_at=None,
        updated_at_epoch_secs=int(path.stat().st_mtime),
        captured_at_epoch_secs=now,
    )
    return doubted(estimated(empty, path, counter))
