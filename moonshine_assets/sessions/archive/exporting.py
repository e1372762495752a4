"""Archived sessions as exports: zips in the inbox, which the pipeline takes in as runs of their agents.

In: the ledger. Out: one zip an agent with every session that has come to rest and is not exported as it is now. Always:
the same states of sessions are exported once, and a zip goes from the inbox when the run that took it in has archived
it. What is archived twice is packed both times: a run must be restorable without the sessions' archive.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from hashlib import sha256
from typing import Any, NamedTuple

import msgspec

from moonshine_assets.sessions.archive.ledger import key_of_record, provider_of_record, records
from moonshine_assets.sessions.archive.place import folder_of_record
from moonshine_assets.sessions.archive.segments import pieces
from moonshine_assets.sessions.archive.snapshots import Member, with_hash
from moonshine_assets.sessions.contracts import ArchiveRecord
from moonshine_assets.sessions.settings import Export
from moonshine_resources.append_log import append, read_lines
from moonshine_resources.atomic import atomic_file
from moonshine_resources.home import Home

#: Agents that the pipeline has adapters for.
PROVIDERS = ("claude_code", "codex", "openclaw")
DEFAULTS = Export()
_WAIT = 600.0
#: The same bytes whenever it is made.
_EPOCH = (1980, 1, 1, 0, 0, 0)
_INDEX = "sessions.json"


class Exported(msgspec.Struct, frozen=True):
    """A line of the log of exports: the zip's name, what is in it (key of a session → content hash), and when."""

    file: str
    provider: str
    sessions: dict[str, str]
    exported_at_epoch_secs: int


class _Waiting(NamedTuple):
    provider: str
    records: list[ArchiveRecord]


def export_sessions(
    home: Home, now: int, told: Export = DEFAULTS, keys: frozenset[str] | None = None
) -> list[Exported]:
    """Put sessions into the inbox.

    Args:
        home: the data home.
        now: epoch seconds.
        told: when a session has come to rest.
        keys: only these (`provider:session_id`), at rest or not; None: all that have come to rest.

    Raises:
        Busy: another process has been exporting for ten minutes.
        Corruption: an archive does not read back; nothing of that agent is exported.
        StorageFull: there is no space.
    """
    from moonshine_resources.locks import exclusive

    with exclusive(home.session_exports_lock, seconds=_WAIT, what="the exports of sessions"):
        done = exported(home)
        return [_export(home, waiting, now) for waiting in _waiting(home, done, now, told, keys)]


def exported(home: Home) -> list[Exported]:
    """Every export so far, in order."""
    return [msgspec.json.decode(line, type=Exported) for line in read_lines(home.session_exports)]


def withdraw_taken_in(home: Home) -> list[str]:
    """Take those zips out of the inbox whose run has archived them; their names."""
    from moonshine_assets.exports.register import source_record
    from moonshine_resources.atomic import sha256_file

    gone = []
    for name in sorted({one.file for one in exported(home)}):
        path = home.inbox / name
        if not path.is_file():
            continue
        known = source_record(home, sha256_file(path))
        if known is not None and "run_id" in known and home.run(known["run_id"]).archive_manifest.exists():
            path.unlink()
            gone.append(name)
    return gone


def _waiting(
    home: Home, done: list[Exported], now: int, told: Export, keys: frozenset[str] | None
) -> Iterator[_Waiting]:
    latest = {key_of_record(record): record for record in records(home)}
    last: dict[str, tuple[str, int]] = {}
    for one in done:
        last.update({key: (content, one.exported_at_epoch_secs) for key, content in one.sessions.items()})
    for provider in PROVIDERS:
        chosen = []
        for key, record in sorted(latest.items()):
            content, at = last.get(key, ("", 0))
            is_meant = key in keys if keys is not None else _is_at_rest(record, at, now, told)
            if provider_of_record(record) == provider and content != record.content_hash and is_meant:
                chosen.append(record)
        if chosen:
            yield _Waiting(provider, chosen)


def _is_at_rest(record: ArchiveRecord, exported_at: int, now: int, told: Export) -> bool:
    return now - record.created_at_epoch_secs >= told.settled_secs and now - exported_at >= told.again_secs


def _export(home: Home, waiting: _Waiting, now: int) -> Exported:
    states = {key_of_record(record): record.content_hash for record in waiting.records}
    named = sha256(json.dumps(states, sort_keys=True).encode()).hexdigest()[:16]
    name = f"moon_{waiting.provider}_{named}.zip"
    path = home.inbox / name
    if not path.exists():
        with (
            atomic_file(path) as stream,
            zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive,
        ):
            _write(home, waiting.records, archive)
    made = Exported(name, waiting.provider, states, now)
    append(home.session_exports, [msgspec.json.encode(made)])
    return made


def _write(home: Home, chosen: list[ArchiveRecord], archive: zipfile.ZipFile) -> None:
    indexes: dict[str, dict[str, Any]] = {}
    for record in chosen:
        folder = folder_of_record(home, record)
        for name, member in with_hash(folder, record.content_hash).members.items():
            if name.endswith(f"/{_INDEX}"):
                # sessions of one agent share their index
                indexes.setdefault(name, {}).update(json.loads(b"".join(pieces(folder, member.content))))
            else:
                _write_member(archive, name, folder, member)
    for name, index in sorted(indexes.items()):
        with archive.open(_info(name), "w") as stream:
            stream.write(json.dumps(index, sort_keys=True).encode())


def _write_member(archive: zipfile.ZipFile, name: str, folder: Any, member: Member) -> None:
    with archive.open(_info(name), "w", force_zip64=True) as stream:
        for piece in pieces(folder, member.content):
            stream.write(piece)


def _info(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, _EPOCH)
    info.compress_type = zipfile.ZIP_DEFLATED
    return info
