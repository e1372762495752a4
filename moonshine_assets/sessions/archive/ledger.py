"""`ledger.jsonl`: every archived session, one ArchiveRecord a line, in the order they were archived."""

from __future__ import annotations

from pathlib import PurePosixPath

from moonshine_assets.errors import BadInput
from moonshine_assets.sessions.contracts import ArchiveRecord, from_json, to_json
from moonshine_resources.append_log import append, read_lines
from moonshine_resources.home import Home
from moonshine_resources.locks import exclusive

_WAIT = 60.0


def records(home: Home, session_id: str | None = None) -> list[ArchiveRecord]:
    """The records, of all sessions or one; a damaged line is left out, `damaged_lines` counts them."""
    found = (_record(line) for line in read_lines(home.session_ledger))
    return [one for one in found if one is not None and session_id in (None, one.session_id)]


def damaged_lines(home: Home) -> int:
    """How many lines of the ledger cannot be read. The archive has what they said: archiving the session again, as it
    is or as it has become, writes its line anew."""
    return sum(_record(line) is None for line in read_lines(home.session_ledger))


def latest_record(home: Home, session_id: str, provider: str | None = None) -> ArchiveRecord | None:
    """The last record of a session; None when it was never archived."""
    found = [one for one in records(home, session_id) if provider in (None, provider_of_record(one))]
    return found[-1] if found else None


def enter(home: Home, record: ArchiveRecord) -> ArchiveRecord:
    """The record with this session and content as it stands in the ledger, entered when it is new.

    Raises:
        Busy: another process has been writing the ledger for a minute.
        StorageFull: there is no space.
    """
    with exclusive(home.session_ledger_lock, seconds=_WAIT, what="the ledger of sessions"):
        for known in records(home, record.session_id):
            if (known.archive_path, known.content_hash) == (record.archive_path, record.content_hash):
                return known
        append(home.session_ledger, [to_json(record)])
    return record


def provider_of_record(record: ArchiveRecord) -> str:
    """The agent whose session it is."""
    return PurePosixPath(record.archive_path).parent.name


def key_of_record(record: ArchiveRecord) -> str:
    """`provider:session_id`, as readings have it."""
    return f"{provider_of_record(record)}:{record.session_id}"


def _record(line: bytes) -> ArchiveRecord | None:
    try:
        return from_json(line, ArchiveRecord)
    except BadInput:
        return None
