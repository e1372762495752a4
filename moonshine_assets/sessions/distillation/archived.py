"""An archived session as distillation takes it: whose it is, where it worked, and what it says."""

from __future__ import annotations

from typing import NamedTuple

from moonshine_assets.sessions.archive import archived_conversations, provider_of_record
from moonshine_assets.sessions.contracts import ArchiveRecord
from moonshine_assets.sessions.distillation.said import Said, said
from moonshine_resources.home import Home


class ArchivedSession(NamedTuple):
    """What one archive holds.

    Args:
        tool: openclaw, claude_code, codex or estimate.
        place: where the session works: its folder (Claude Code, Codex) or its key (OpenClaw); empty when unknown.
        record: the archive, verified.
        messages: everything it says, in order.
    """

    tool: str
    place: str
    record: ArchiveRecord
    messages: list[Said]


def open_archive(home: Home, record: ArchiveRecord, place: str = "") -> ArchivedSession:
    """A session out of its archive. `place` empty: the folder that its log names, where it names one.

    Raises:
        Corruption: the archive does not read back as it was written.
    """
    conversations = archived_conversations(home, record)
    folders = [one.project for one in conversations if one.conversation_id == record.session_id and one.project]
    where = place or next(iter(folders), "")
    return ArchivedSession(provider_of_record(record), where, record, said(conversations))
