"""Files that are either there whole or not at all: write beside, fsync, rename."""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Any, BinaryIO

from moonshine_assets.errors import Corruption
from moonshine_resources import storage

_CHUNK = 1 << 20
#: Up to so many files of a folder are synced by themselves, more of them with everything else.
_SYNCED_ONE_BY_ONE = 64
#: Times of files move on at least this often.
_CLOCK_TICK_NS = 20_000_000
#: SHA-256 by device, inode, size and times of a file.
_hashed: dict[tuple[int, int, int, int, int], str] = {}


@contextmanager
def atomic_file(path: Path, *, mode: int = 0o644) -> Iterator[BinaryIO]:
    """Open a hidden file beside `path` for writing; on leaving the block it is synced and renamed to `path`.

    On an exception the hidden file is removed and `path` is as it was. A crash leaves at most a hidden file.

    Raises:
        StorageFull: there is no space for it.
    """
    with storage.writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name[:64]}.", dir=path.parent)
        draft = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as stream:
                yield stream
                stream.flush()
                os.fchmod(stream.fileno(), mode)
                os.fsync(stream.fileno())
            publish(draft, path)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise


def remove_drafts(path: Path) -> None:
    """Remove the hidden files that crashes left beside `path`; only for the one process that writes it."""
    pattern = re.compile(re.escape(f".{path.name[:64]}.") + r"[a-z0-9_]{8}")
    for item in path.parent.iterdir():
        if pattern.fullmatch(item.name):
            item.unlink(missing_ok=True)


def publish(draft: Path, final: Path) -> None:
    """Rename a finished draft to its final name, durably."""
    before = _state(draft.stat())
    draft.replace(final)
    after = _state(final.stat())
    # A new name is a change of the inode, not of what is in it.
    if before in _hashed and after[:-1] == before[:-1]:
        _hashed[after] = _hashed[before]
    sync_directory(final.parent)


def sync_file(path: Path) -> None:
    with path.open("rb") as stream:
        os.fsync(stream.fileno())


def sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_text(path: Path, text: str) -> None:
    with atomic_file(path) as stream:
        stream.write(text.encode("utf-8"))


def write_json(path: Path, value: Any) -> None:
    """Indented JSON with the keys in the order given, and a final newline."""
    write_text(path, json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False) + "\n")


def write_json_keeping(path: Path, value: dict[str, Any], *, volatile: tuple[str, ...] = ("generated_at",)) -> bool:
    """Write `value` unless the file already says the same apart from the volatile keys. True if it was written.

    So that doing everything again leaves every byte as it was.
    """
    if path.exists():
        old = read_json(path)
        if isinstance(old, dict) and {**value, **{key: old[key] for key in volatile if key in old}} == old:
            return False
    write_json(path, value)
    return True


def read_json(path: Path) -> Any:
    """The value of a JSON file that Moonshine wrote.

    Raises:
        Corruption: it is not JSON any more.
    """
    try:
        return json.loads(path.read_bytes().decode("utf-8"))
    except ValueError as error:
        raise Corruption(
            "the file is not the JSON that was written",
            where=str(path),
            fix="restore it from a backup or the archive",
        ) from error


def sha256_file(path: Path) -> str:
    """Hex SHA-256 of a file, read in pieces.

    Within a process a file is read again only when its inode, size or times differ from when it was last read. A file
    changed just before it was read may be changed again within the same tick of the clock, so it is not remembered.
    """
    with path.open("rb") as stream:
        state = os.fstat(stream.fileno())
        known = _state(state)
        if known in _hashed:
            return _hashed[known]
        settled = time.time_ns() - max(state.st_mtime_ns, state.st_ctime_ns) > _CLOCK_TICK_NS
        digest = file_digest(stream, sha256).hexdigest()
    if settled:
        _hashed[known] = digest
    return digest


def _state(state: os.stat_result) -> tuple[int, int, int, int, int]:
    return (state.st_dev, state.st_ino, state.st_size, state.st_mtime_ns, state.st_ctime_ns)


def copy_hashed(source: Path, target: Path) -> str:
    """Copy a file durably and atomically; hex SHA-256 of the copy, read back."""
    with source.open("rb", buffering=0) as reader, atomic_file(target, mode=0o444) as writer:
        shutil.copyfileobj(reader, writer, _CHUNK)
    return sha256_file(target)


def copy_folder(files: Mapping[str, Path], target: Path) -> None:
    """Copy files, by their names in it, into a folder that nobody knows yet; all of them are on disk on return.

    Of many files the disk is waited for once: for each of them it would be 5 ms, which is minutes for an agent's log.

    Raises:
        StorageFull: there is no space for them.
    """
    with storage.writing(target):
        target.mkdir(parents=True)
        for folder in sorted({(target / name).parent for name in files}):
            folder.mkdir(parents=True, exist_ok=True)
        for name, file in files.items():
            copy = target / name
            shutil.copyfile(file, copy)
            copy.chmod(0o444)
            if len(files) <= _SYNCED_ONE_BY_ONE:
                sync_file(copy)
                sync_directory(copy.parent)
        if len(files) > _SYNCED_ONE_BY_ONE:
            os.sync()


def remove_tree(path: Path) -> None:
    """Remove a scratch folder if it is there, read-only files included."""
    if path.exists():
        shutil.rmtree(path)
