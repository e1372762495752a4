"""A file, zip or folder as one list of members; hostile ones are refused before anything is written."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import IO

from moonshine_assets.errors import BadInput
from moonshine_assets.exports.folder import folder_files, is_clutter, refuse_undecodable
from moonshine_assets.exports.zipped import is_zip, member_sizes, reading
from moonshine_resources import storage

#: Sidecars larger than this are not looked into.
SIDECAR_BYTES = 64 * 1024**2
_CHUNK = 1 << 20


class Container:
    """One export; `sizes` maps every member's name to its size in bytes (uncompressed).

    A plain file has one member, itself. Names are as in the export, with `/`. `clutter` are files that macOS added
    when it packed the export: nobody reads them, and the receipt names them. `label` is what messages call it.
    """

    def __init__(self, path: Path, label: str) -> None:
        self.path = path
        self.label = label
        self.zip: zipfile.ZipFile | None = None
        self.sizes: Mapping[str, int] = {}
        self.clutter: Mapping[str, int] = {}
        self._numbers: dict[str, int] = {}

    @property
    def is_plain(self) -> bool:
        """A single file that is its own only member."""
        return self.zip is None and self.path.is_file()

    def read(self, name: str, limit: int = SIDECAR_BYTES) -> bytes | None:
        """The first `limit` bytes of a member; None when there is no such member."""
        if name not in self.sizes:
            return None
        found = bytearray()
        for piece in self._pieces(name, min(limit, _CHUNK)):
            found += piece
            if len(found) >= limit:
                break
        return bytes(found[:limit])

    def read_whole(self, name: str) -> bytes | None:
        """All bytes of a member, however many; None when there is no such member."""
        if name not in self.sizes:
            return None
        if self.zip is None:
            with self._readable():
                return self._path(name).read_bytes()
        with reading(self.label, name):
            return self.zip.read(name)

    def on_disk(self, name: str, work: Path) -> Path:
        """A path with the member's bytes: the file itself, or for a zip a copy in the scratch folder `work`.

        JSON that was written twice (a string that holds the JSON, as some extensions do) is written out once more
        as what it holds.

        Raises:
            BadInput: the member cannot be read or unpacked.
            StorageFull: there is no space to unpack it.
        """
        path = self._path(name) if self.zip is None else self._spool(name, work)
        with self._readable(), path.open("rb") as stream:
            head = stream.read(64).lstrip(b"\xef\xbb\xbf \t\r\n")
        return _unquoted(path, name, work) if head.startswith(b'"') else path

    def _path(self, name: str) -> Path:
        return self.path if self.is_plain else self.path / name

    def _pieces(self, name: str, size: int = _CHUNK) -> Iterator[bytes]:
        """A member's bytes, `size` at a time. What the caller does between them is outside the blocks that translate
        failures, so that its own failures stay what they are."""
        if self.zip is None:
            translated = self._readable
            with translated():
                stream: IO[bytes] = self._path(name).open("rb")
        else:
            translated = partial(reading, self.label, name)
            with translated():
                stream = self.zip.open(name)
        with stream:
            while True:
                with translated():
                    piece = stream.read(size)
                if not piece:
                    return
                yield piece

    def _spool(self, name: str, work: Path) -> Path:
        """Unpack one member under a name of our own; stops as soon as it grows beyond what the zip declares."""
        if not self._numbers:
            self._numbers = {member: number for number, member in enumerate(sorted(self.sizes))}
        target = work / f"member-{self._numbers[name]:06d}"
        declared = self.sizes[name]
        if target.exists() and target.stat().st_size == declared:
            return target
        written = 0
        with storage.writing(work):
            work.mkdir(parents=True, exist_ok=True)
            if shutil.disk_usage(work).free < declared:
                raise storage.full(work)
            with target.open("wb") as writer:
                for piece in self._pieces(name):
                    written += len(piece)
                    if written > declared:
                        break
                    writer.write(piece)
        if written != declared:
            raise BadInput(
                f"member {name!r} does not have the {declared} bytes the zip declares",
                where=self.label,
                fix="download the export again",
            )
        return target

    def _readable(self) -> AbstractContextManager[None]:
        return _readable(self.label)


@contextmanager
def opened(path: Path, name: str | None = None) -> Iterator[Container]:
    """Open an export for reading.

    Args:
        path: where it is.
        name: what messages call it, and its one member when it is a plain file; default: its file name.

    Raises:
        BadInput: missing, unreadable, damaged, encrypted, a zip bomb, or with members that would leave the archive.
    """
    label = name or path.name
    container = Container(path, label)
    if path.is_dir():
        with _readable(label):
            sizes = {member: file.stat().st_size for member, file in folder_files(path).items()}
        container.sizes = {member: size for member, size in sizes.items() if not is_clutter(member)}
        container.clutter = {member: size for member, size in sizes.items() if is_clutter(member)}
        yield container
        return
    refuse_undecodable(label, label)
    with _readable(label), path.open("rb") as stream:
        head = stream.read(4)
        size = path.stat().st_size
    if not is_zip(head):
        container.sizes = {label: size}
        yield container
        return
    with reading(label):
        archive = zipfile.ZipFile(path)
    with archive:
        container.zip = archive
        container.sizes, container.clutter = member_sizes(label, size, archive)
        yield container


@contextmanager
def _readable(label: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise BadInput(
            f"cannot be read ({error.strerror})", where=label, fix="check the path, its permissions and the disk"
        ) from error


def _unquoted(path: Path, name: str, work: Path) -> Path:
    try:
        inner = json.loads(path.read_bytes().decode("utf-8-sig"), strict=False)
    except ValueError as error:
        raise BadInput("a JSON string that does not end", where=name, fix="download the export again") from error
    target = work / f"unquoted-{path.name}"
    with storage.writing(work):
        work.mkdir(parents=True, exist_ok=True)
        target.write_bytes(inner.encode("utf-8", errors="surrogatepass"))
    return target
