"""What sessions said, kept: the bytes of a live session come in, an archive that grows by what is new goes out.

In: a reading that says where a session is. Out: segments, a log of snapshots, and a line of the ledger. Always: the
original is only read, what was archived once is never changed, and any snapshot can be put together again to the bytes
that its hash names.
"""

from moonshine_assets.sessions.archive.archive import (
    VerifiedArchive,
    archive_session,
    restore_session,
    verify_archive,
)
from moonshine_assets.sessions.archive.conversations import archived_conversations
from moonshine_assets.sessions.archive.ledger import key_of_record, latest_record, provider_of_record, records

__all__ = [
    "VerifiedArchive",
    "archive_session",
    "archived_conversations",
    "key_of_record",
    "latest_record",
    "provider_of_record",
    "records",
    "restore_session",
    "verify_archive",
]
