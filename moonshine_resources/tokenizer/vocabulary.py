"""The o200k_base vocabulary: carried in the package, certified by its hash, written once to a cache folder.

tiktoken looks for the file under a fixed name in `TIKTOKEN_CACHE_DIR`. When the file there is wrong it deletes
it and goes to the network, so the hash is checked here first and tiktoken only ever meets a good file.
"""

from __future__ import annotations

import hashlib
import lzma
import os
from importlib import resources
from pathlib import Path

from moonshine_assets.errors import VocabularyError
from moonshine_resources.atomic import atomic_file, sha256_file

VOCABULARY_SHA256 = "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d"
"""SHA-256 of the vocabulary file; tiktoken carries the same constant."""

CACHE_NAME = "fb374d419588a4632f3f557e76b4b70aebbca790"
"""The name tiktoken looks for: SHA-1 of the address the file is published at."""

PACKAGED_NAME = "o200k_base.tiktoken.xz"


def materialise(cache_dir: Path) -> Path:
    """Makes sure `cache_dir` holds the vocabulary, and points tiktoken and child processes at it.

    A missing file is written from the package; several processes may do so at once. A file that is there is
    only read: it is never replaced and never deleted, and the folder may be read-only.

    Args:
        cache_dir: folder of the file; made when missing.

    Returns:
        Path of the verified file. `TIKTOKEN_CACHE_DIR` of this process is then `cache_dir`, made absolute.

    Raises:
        VocabularyError: the file has another hash, or it cannot be read or written.
        StorageFull: there is no space for it.
    """
    cache_dir = cache_dir.absolute()
    path = cache_dir / CACHE_NAME
    try:
        if not path.exists():
            content = _packaged()
            with atomic_file(path) as file:
                file.write(content)
        found = sha256_file(path)
    except OSError as error:
        raise VocabularyError(
            f"the vocabulary file cannot be read or written ({error.strerror})",
            where=str(path),
            fix="name a folder that is writable, or that already holds the file",
        ) from error
    if found != VOCABULARY_SHA256:
        raise VocabularyError(
            f"the vocabulary file has SHA-256 {found}, expected {VOCABULARY_SHA256}",
            where=str(path),
            fix="look at who wrote it, then move it away; the next start writes the right one",
        )
    os.environ["TIKTOKEN_CACHE_DIR"] = str(cache_dir)
    return path


def _packaged() -> bytes:
    """The vocabulary file as the package carries it, decompressed and certified."""
    source = resources.files(__package__) / PACKAGED_NAME
    try:
        content = lzma.decompress(source.read_bytes())
    except lzma.LZMAError as error:
        raise _damaged_package(str(source), str(error)) from error
    found = hashlib.sha256(content).hexdigest()
    if found != VOCABULARY_SHA256:
        raise _damaged_package(str(source), f"SHA-256 {found}, expected {VOCABULARY_SHA256}")
    return content


def _damaged_package(source: str, found: str) -> VocabularyError:
    return VocabularyError(
        f"the packaged vocabulary is damaged ({found})", where=source, fix="reinstall the moonshine package"
    )
