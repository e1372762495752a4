"""Hashes of archived files, remembered as long as a file stays as it is, so that a merge need not read the archive.

A file is read again when its device, inode, size or times differ from when it was hashed. Damage below the file system
shows in none of these: the restore drill reads every byte.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from moonshine_assets.errors import Corruption
from moonshine_resources.atomic import read_json, sha256_file, write_json
from moonshine_resources.home import Home

#: A file changed just before it was read may be changed again within the same tick of the clock.
_CLOCK_TICK_NS = 20_000_000


def verified_sha256(home: Home, paths: Iterable[Path]) -> dict[Path, str]:
    """Hex SHA-256 of files below the archive, without those that do not exist. The caller holds the writer lock."""
    memory = home.verified_hashes
    known = _read(memory)
    before = dict(known)
    found: dict[Path, str] = {}
    kept: dict[str, Any] = {}
    for path in paths:
        try:
            stamp = _stamp(path)
        except FileNotFoundError:
            continue
        name = str(path.relative_to(home.archive))
        if known.get(name, {}).get("stamp") != stamp:
            settled = time.time_ns() - max(stamp[-2:]) > _CLOCK_TICK_NS
            known[name] = {"sha256": sha256_file(path), "stamp": stamp if settled else []}
        kept[name] = known[name]
        found[path] = known[name]["sha256"]
    if kept != before:
        write_json(memory, kept)
    return found


def _stamp(path: Path) -> list[int]:
    state = path.stat()
    return [state.st_dev, state.st_ino, state.st_size, state.st_mtime_ns, state.st_ctime_ns]


def _read(memory: Path) -> dict[str, Any]:
    """What is remembered; a file that cannot be read remembers nothing."""
    if not memory.exists():
        return {}
    try:
        known = read_json(memory)
    except Corruption:
        return {}
    return known if isinstance(known, dict) else {}
