"""A zip's members, hostile ones refused before anything is unpacked."""

from __future__ import annotations

import lzma
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import PurePosixPath

from moonshine_assets.errors import BadInput
from moonshine_assets.exports.folder import is_clutter

#: Largest export taken in, bytes uncompressed. The largest reported is 1.7 GB (EXPORT-PAIN-POINTS 18).
MAX_TOTAL_BYTES = 64 * 1024**3
#: Real exports compress 4 to 12 times; deflate's own limit is 1,032.
MAX_RATIO = 200
#: The ratio is only judged beyond this size: small repetitive files are harmless.
RATIO_FREE_BYTES = 64 * 1024**2

#: What Python's zipfile raises on damaged bytes, found by flipping them; OSError: a seek to before the file.
_FAULTS = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    OSError,
    ValueError,
    LookupError,
    OverflowError,
    RuntimeError,
)
#: Those whose message helps a reader.
_TOLD = (zipfile.BadZipFile, zlib.error, RuntimeError, EOFError)
_DRIVE = re.compile(r"[A-Za-z]:")


@contextmanager
def reading(label: str, member: str | None = None) -> Iterator[None]:
    """Whatever zipfile makes of damaged bytes becomes one refusal; only calls of zipfile belong into the block.

    Raises:
        BadInput: the zip, or this member of it, cannot be read.
    """
    try:
        yield
    except _FAULTS as error:
        what = "a damaged zip" if member is None else f"member {member!r} cannot be unpacked"
        told = str(error) if isinstance(error, _TOLD) else ""
        raise BadInput(
            f"{what} ({told or type(error).__name__})", where=label, fix="download the export again"
        ) from error


def is_zip(head: bytes) -> bool:
    """Told by the first four bytes; an empty zip included."""
    return head[:4] in (b"PK\x03\x04", b"PK\x05\x06")


def member_sizes(label: str, packed: int, archive: zipfile.ZipFile) -> tuple[dict[str, int], dict[str, int]]:
    """Sizes, as the zip declares them, of the members, and of macOS's additions to them.

    Args:
        label: what messages call the zip.
        packed: its own size, bytes.
        archive: the zip.

    Raises:
        BadInput: a zip bomb, a name given twice, an encrypted member, a link, a path that leads outside.
    """
    sizes: dict[str, int] = {}
    clutter: dict[str, int] = {}
    for info in archive.infolist():
        _refuse_hostile(label, info)
        if info.is_dir():
            continue
        if is_clutter(info.filename):
            clutter[info.filename] = info.file_size
            continue
        if info.filename in sizes:
            raise BadInput(f"two members are named {info.filename!r}", where=label, fix="download the export again")
        sizes[info.filename] = info.file_size
    _refuse_bomb(label, max(1, packed), sum(sizes.values()))
    return sizes, clutter


def _refuse_bomb(label: str, packed: int, total: int) -> None:
    if total > MAX_TOTAL_BYTES or (total > RATIO_FREE_BYTES and total / packed > MAX_RATIO):
        raise BadInput(
            f"a zip of {packed} bytes that claims to hold {total}: refused as a zip bomb",
            where=label,
            fix=f"exports may hold {MAX_TOTAL_BYTES} bytes and {MAX_RATIO} times their packed size; unpack it yourself "
            "and give the folder if you trust it",
        )


def _refuse_hostile(label: str, info: zipfile.ZipInfo) -> None:
    name = info.filename
    place = PurePosixPath(name.replace("\\", "/"))
    if place.is_absolute() or not place.parts or ".." in place.parts or _DRIVE.match(name):
        raise BadInput(
            f"member {name!r} would be written outside the archive's folder",
            where=label,
            fix="this is not an export as a provider makes it; nothing was unpacked",
        )
    if info.flag_bits & 0x1:
        raise BadInput(f"member {name!r} is encrypted", where=label, fix="unpack it and give the folder")
    if stat.S_ISLNK(info.external_attr >> 16):
        raise BadInput(f"member {name!r} is a link", where=label, fix="nothing was unpacked")
