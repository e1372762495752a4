"""Logs and rows that are stored as zstd frames."""

from __future__ import annotations

import pyarrow as pa

from moonshine_assets.errors import Unreadable

_MAGIC = b"\x28\xb5\x2f\xfd"
#: More than any session; a frame that grows beyond it is made to fill the memory.
_LARGEST = 4 * 1024**3
_STEP = 1 << 24


def is_zstd(data: bytes) -> bool:
    """Whether bytes begin as a zstd frame does."""
    return data.startswith(_MAGIC)


def unzstd(data: bytes) -> bytes:
    """The bytes themselves, or what they hold when they are zstd frames.

    Raises:
        Unreadable: damaged, cut off, or larger than 4 GiB.
    """
    if not is_zstd(data):
        return data
    found = bytearray()
    try:
        with pa.CompressedInputStream(pa.BufferReader(data), "zstd") as stream:
            while piece := stream.read(_STEP):
                found += piece
                if len(found) > _LARGEST:
                    raise Unreadable("zstd data that unpacks to more than 4 GiB")
    except (OSError, pa.ArrowException) as error:
        raise Unreadable("damaged zstd data", fix="it is kept in quarantine as it stands") from error
    return bytes(found)
