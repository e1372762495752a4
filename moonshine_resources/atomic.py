"""Files that are either there whole or not at all: write beside, fsync, rename."""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO

from moonshine_assets.errors import Corruption
from moonshine_resources import storage

_CHUNK = 1 << 20


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
    draft.replace(final)
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
    """Hex SHA-256 of a file, read in pieces."""
    digest = sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def copy_hashed(source: Path, target: Path) -> str:
    """Copy a file durably and atomically; hex SHA-256 of the bytes that were copied."""
    digest = sha256()
    with source.open("rb") as reader, atomic_file(target, mode=0o444) as writer:
        while chunk := reader.read(_CHUNK):
            digest.update(chunk)
            writer.write(chunk)
    return digest.hexdigest()


def remove_tree(path: Path) -> None:
    """Remove a scratch folder if it is there, read-only files included."""
    if path.exists():
        shutil.rmtree(path)
