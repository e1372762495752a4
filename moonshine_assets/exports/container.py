"""A file, zip or folder as one list of members, with hostile ones refused before anything is written."""

from __future__ import annotations

import json
import shutil
import stat
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from moonshine_assets.errors import BadInput

#: Largest export taken in, bytes uncompressed. The largest reported is 1.7 GB (EXPORT-PAIN-POINTS 18).
MAX_TOTAL_BYTES = 64 * 1024**3
#: Real exports compress 4 to 12 times; deflate's own limit is 1,032.
MAX_RATIO = 200
#: The ratio is only judged beyond this size: small repetitive files are harmless.
RATIO_FREE_BYTES = 64 * 1024**2
#: Sidecars larger than this are not looked into.
SIDECAR_BYTES = 64 * 1024**2
_CHUNK = 1 << 20


class Container:
    """One export; `sizes` maps every member's name to its size in bytes (uncompressed).

    A plain file has one member, itself. Names are as in the export, with `/`.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.zip: zipfile.ZipFile | None = None
        self.sizes: Mapping[str, int] = {}

    @property
    def is_plain(self) -> bool:
        """A single file that is its own only member."""
        return self.zip is None and self.path.is_file()

    def read(self, name: str, limit: int = SIDECAR_BYTES) -> bytes | None:
        """The first `limit` bytes of a member; None when there is no such member."""
        if name not in self.sizes:
            return None
        with self._open(name) as stream:
            return stream.read(limit)

    def on_disk(self, name: str, work: Path) -> Path:
        """A path with the member's bytes: the file itself, or for a zip a copy in the scratch folder `work`.

        JSON that was written twice (a string that holds the JSON, as some extensions do) is written out once more
        as what it holds.
        """
        if self.zip is not None:
            path = self._spool(name, work)
        else:
            path = self.path if self.path.is_file() else self.path / name
        with path.open("rb") as stream:
            head = stream.read(64).lstrip(b"\xef\xbb\xbf \t\r\n")
        return _unquoted(path, name, work) if head.startswith(b'"') else path

    @contextmanager
    def _open(self, name: str) -> Iterator[BinaryIO]:
        if self.zip is None:
            path = self.path if self.path.is_file() else self.path / name
            with path.open("rb") as stream:
                yield stream
            return
        try:
            with self.zip.open(name) as member:
                yield member  # type: ignore[misc]
        except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError) as error:
            raise BadInput(
                f"member {name!r} cannot be unpacked ({error})",
                where=self.path.name,
                fix="download the export again; the zip is damaged or encrypted",
            ) from error

    def _spool(self, name: str, work: Path) -> Path:
        """Unpack one member under a name of our own; stops as soon as it grows beyond what the zip declares."""
        target = work / f"member-{sorted(self.sizes).index(name):06d}"
        declared = self.sizes[name]
        if target.exists() and target.stat().st_size == declared:
            return target
        work.mkdir(parents=True, exist_ok=True)
        if shutil.disk_usage(work).free < declared:
            raise OSError(28, "No space left on device", str(target))
        written = 0
        with self._open(name) as reader, target.open("wb") as writer:
            while chunk := reader.read(_CHUNK):
                written += len(chunk)
                if written > declared:
                    raise BadInput(
                        f"member {name!r} is larger than the {declared} bytes the zip declares", where=self.path.name
                    )
                writer.write(chunk)
        return target


@contextmanager
def opened(path: Path, name: str | None = None) -> Iterator[Container]:
    """Open an export for reading.

    Args:
        path: where it is.
        name: what its one member is called when it is a plain file; default: its file name.

    Raises:
        BadInput: missing, unreadable, damaged, encrypted, a zip bomb, or with members that would leave the archive.
    """
    container = Container(path)
    try:
        if path.is_dir():
            container.sizes = dict(sorted(_folder_sizes(path)))
            yield container
            return
        with path.open("rb") as stream:
            is_zip = stream.read(4) in (b"PK\x03\x04", b"PK\x05\x06")
        if not is_zip:
            container.sizes = {name or path.name: path.stat().st_size}
            yield container
            return
    except (FileNotFoundError, PermissionError, IsADirectoryError) as error:
        raise BadInput(
            f"cannot be read ({error.strerror})", where=path.name, fix="check the path and its permissions"
        ) from error
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, NotImplementedError, EOFError) as error:
        raise BadInput(f"a damaged zip ({error})", where=path.name, fix="download the export again") from error
    with archive:
        container.zip = archive
        container.sizes = _checked_sizes(path, archive)
        yield container


def _folder_sizes(folder: Path) -> Iterator[tuple[str, int]]:
    for path in folder.rglob("*"):
        # A link could lead anywhere on the machine; exports hold none.
        if path.is_file() and not path.is_symlink():
            yield path.relative_to(folder).as_posix(), path.stat().st_size


def _checked_sizes(path: Path, archive: zipfile.ZipFile) -> dict[str, int]:
    sizes: dict[str, int] = {}
    for info in archive.infolist():
        if info.is_dir() or info.filename.startswith("__MACOSX/"):
            continue
        _refuse_hostile(path, info)
        if info.filename in sizes:
            raise BadInput(f"two members are named {info.filename!r}", where=path.name, fix="download the export again")
        sizes[info.filename] = info.file_size
    total = sum(sizes.values())
    packed = max(1, path.stat().st_size)
    if total > MAX_TOTAL_BYTES or (total > RATIO_FREE_BYTES and total / packed > MAX_RATIO):
        raise BadInput(
            f"a zip of {packed} bytes that claims to hold {total}: refused as a zip bomb",
            where=path.name,
            fix=f"exports may hold {MAX_TOTAL_BYTES} bytes and {MAX_RATIO} times their packed size; unpack it yourself "
            "and give the folder if you trust it",
        )
    return sizes


def _refuse_hostile(path: Path, info: zipfile.ZipInfo) -> None:
    name = info.filename
    parts = PurePosixPath(name.replace("\\", "/"))
    if parts.is_absolute() or ".." in parts.parts or ":" in parts.parts[0]:
        raise BadInput(
            f"member {name!r} would be written outside the archive's folder",
            where=path.name,
            fix="this is not an export as a provider makes it; nothing was unpacked",
        )
    if info.flag_bits & 0x1:
        raise BadInput(f"member {name!r} is encrypted", where=path.name, fix="unpack it and give the folder")
    if stat.S_ISLNK(info.external_attr >> 16):
        raise BadInput(f"member {name!r} is a link", where=path.name, fix="nothing was unpacked")


def _unquoted(path: Path, name: str, work: Path) -> Path:
    try:
        inner = json.loads(path.read_text("utf-8-sig"), strict=False)
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise BadInput("a JSON string that does not end", where=name, fix="download the export again") from error
    work.mkdir(parents=True, exist_ok=True)
    target = work / f"unquoted-{path.name}"
    target.write_text(inner, "utf-8", errors="surrogatepass")
    return target
