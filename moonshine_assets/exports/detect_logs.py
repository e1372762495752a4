"""Whose session log is this? Told by a file's first lines or tables; of a folder, by all of its files.

In: an opened export. Out: the log adapter and its claim. Always: files are read as far as needed to tell, and a folder
with logs of several agents is refused rather than taken in part.
"""

from __future__ import annotations

import itertools
import sqlite3
from collections import Counter
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from moonshine_assets.errors import BadInput, Unreadable
from moonshine_assets.exports.adapters import LOG_ADAPTERS
from moonshine_assets.exports.container import Container
from moonshine_assets.exports.decode import decode
from moonshine_assets.exports.lines import lines
from moonshine_assets.exports.records import Claim
from moonshine_assets.exports.sqlite_copy import DAMAGE, columns, is_sqlite, opened
from moonshine_assets.exports.unzstd import is_zstd, unzstd

#: So many lines of a log are looked at, of its first bytes; of more of them where no line ends in those.
_PROBED = 50
_HEAD_BYTES = 1 << 16
_LONG_HEAD_BYTES = 1 << 20
#: A file that is one JSON object is read whole up to this size.
_WHOLE_BYTES = 1 << 29
#: Endings of files that may be a log under any name.
_READABLE = (".jsonl", ".json", ".zst", ".db", ".sqlite")
#: Agents that pack sessions into zstd frames.
_UNPACKING = frozenset({"codex"})
#: Sessions of one format, told apart by marks that not every session has: the first of them reads both.
_KIN = frozenset({"openclaw", "pi"})


class LogFolder(NamedTuple):
    """Whose log a folder or zip is, why, and its session files in the order they are read."""

    provider: str
    claim: Claim
    members: list[str]


def claim_log(container: Container, name: str, work: Path) -> tuple[str, Claim] | None:
    """Whose log a file is; None when it is nobody's.

    Args:
        container: the opened export.
        name: the file.
        work: scratch folder for a database that must be unpacked to be looked at.
    """
    head = container.read(name, _HEAD_BYTES) or b""
    if is_sqlite(head):
        return _first((adapter, _tables_claim(adapter, container, name, work)) for adapter in LOG_ADAPTERS)
    objects = _first_objects(container, name, head)
    asked = [adapter for adapter in LOG_ADAPTERS if adapter.PROVIDER in _UNPACKING or not is_zstd(head)]
    return _first((adapter, adapter.claim_lines(objects, name)) for adapter in asked) if objects else None


def log_folder(container: Container, work: Path) -> LogFolder | None:
    """The log that a folder or zip is; None when no file of it is one's.

    Raises:
        BadInput: there are logs of several agents.
    """
    claims = {name: whose for name in _candidates(container) if (whose := claim_log(container, name, work))}
    found = Counter(provider for provider, _ in claims.values())
    kin = len(found) > 1 and _KIN.issuperset(found)
    if len(found) > 1 and not kin:
        counts = ", ".join(
            f"{provider} {count} (first {next(name for name, (whose, _) in claims.items() if whose == provider)!r})"
            for provider, count in found.most_common()
        )
        raise BadInput(f"logs of several agents in one export: {counts}", fix="give the folder of each by itself")
    if not found:
        return None
    adapter = next(adapter for adapter in LOG_ADAPTERS if adapter.PROVIDER in found)
    named = adapter.log_files(container.sizes)
    others = [name for name in claims if name not in set(named) and not adapter.sidecar(name)]
    members = [*named, *others]
    own = (claims[name][1] for name in members if name in claims and claims[name][0] == adapter.PROVIDER)
    claim = next(own, None)
    return LogFolder(adapter.PROVIDER, claim, members) if claim is not None else None


def is_log_folder(container: Container, work: Path) -> bool:
    """Whether a folder as a whole is one agent's log: by the places and names of its sessions, and by what is in them.

    One that also holds zips, or sessions of several agents, stands for what is in it.
    """
    if any(name.lower().endswith(".zip") for name in container.sizes):
        return False
    found = set()
    for adapter in LOG_ADAPTERS:
        for name in itertools.islice(adapter.log_files(container.sizes), _PROBED):
            claim = claim_log(container, name, work)
            if claim is not None and claim[0] == adapter.PROVIDER:
                found.add(adapter.PROVIDER)
                break
    return len(found) == 1 or (bool(found) and _KIN.issuperset(found))


def _candidates(container: Container) -> list[str]:
    """Files named as sessions are, and others that may be some under another name."""
    named = {name for adapter in LOG_ADAPTERS for name in adapter.log_files(container.sizes)}
    return [
        name
        for name in container.sizes
        if name in named
        or (name.lower().endswith(_READABLE) and not any(adapter.sidecar(name) for adapter in LOG_ADAPTERS))
    ]


def _first(claims: Iterable[tuple[ModuleType, Claim | None]]) -> tuple[str, Claim] | None:
    return next(((adapter.PROVIDER, claim) for adapter, claim in claims if claim is not None), None)


def _first_objects(container: Container, name: str, head: bytes) -> list[dict[str, Any]]:
    """The objects of a log's first lines, or the one object the file is."""
    size = container.sizes[name]
    if is_zstd(head):
        try:
            head = unzstd(container.read_whole(name) or b"")
        except Unreadable:
            return []
        size = len(head)
    elif size > len(head) and b"\n" not in head:
        head = container.read(name, _LONG_HEAD_BYTES) or b""
    found = list(itertools.islice(lines(head), _PROBED))
    is_one = found and found[0].value is None and head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{")
    if is_one and size <= _WHOLE_BYTES:
        try:
            value, _ = decode(container.read_whole(name) or b"" if size > len(head) else head, Any)
        except Unreadable:
            value = None
        if isinstance(value, dict):
            return [value]
    return [line.value for line in found if line.value is not None]


def _tables_claim(adapter: ModuleType, container: Container, name: str, work: Path) -> Claim | None:
    """An adapter's claim on a database, by the columns of its tables."""
    if not hasattr(adapter, "claim_tables"):
        return None
    path = container.on_disk(name, work)
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
            claim: Claim | None = adapter.claim_tables(_columns(connection))
        if claim is None and container.sizes.get(f"{name}-wal"):
            # a young database is in its write-ahead log alone
            with opened(name, path.read_bytes(), container.read_whole) as connection:
                claim = adapter.claim_tables(_columns(connection))
    except (Unreadable, *DAMAGE):
        return None
    return claim


def _columns(connection: sqlite3.Connection) -> dict[str, set[str]]:
    tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    return {table: columns(connection, table) for (table,) in tables}
