"""An archived session as the conversations that its agent's adapter reads in it."""

from __future__ import annotations

from moonshine_assets.exports.records import ParsedConversation
from moonshine_assets.sessions.archive.ledger import provider_of_record
from moonshine_assets.sessions.archive.place import folder_of_record
from moonshine_assets.sessions.archive.segments import pieces
from moonshine_assets.sessions.archive.snapshots import with_hash
from moonshine_assets.sessions.contracts import ArchiveRecord
from moonshine_resources.home import Home


def archived_conversations(home: Home, record: ArchiveRecord) -> list[ParsedConversation]:
    """The conversations of a snapshot: the session, then its sub-agents. None for tools that have no adapter.

    Raises:
        Corruption: the archive does not read back as it was written.
    """
    from moonshine_assets.exports.adapters import BY_PROVIDER

    adapter = BY_PROVIDER.get(provider_of_record(record))
    if adapter is None:
        return []
    folder = folder_of_record(home, record)
    members = with_hash(folder, record.content_hash).members

    def read(name: str) -> bytes | None:
        return b"".join(pieces(folder, members[name].content)) if name in members else None

    names = adapter.log_files({name: member.content.size for name, member in members.items()})
    return [found.parsed for found in adapter.conversations(read, names) if found.parsed is not None]
