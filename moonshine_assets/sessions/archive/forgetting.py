"""What the archive of sessions keeps of forgotten conversations, taken out of it: bytes, texts, index, records."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from moonshine_assets.errors import BadInput
from moonshine_assets.exports.forgotten import Conversation, forgotten
from moonshine_assets.sessions.archive.ledger import provider_of_record, records
from moonshine_assets.sessions.archive.place import file_name
from moonshine_assets.sessions.contracts import ArchiveRecord, to_json
from moonshine_resources.atomic import atomic_file, remove_tree
from moonshine_resources.home import Home
from moonshine_resources.locks import exclusive

_WAIT = 300.0


def forget_archived(home: Home, conversations: Sequence[Conversation]) -> int:
    """Remove the archived sessions of some conversations. A sub-agent's log is part of its session's archive: where
    only the sub-agent is forgotten, that archive goes with it; the session's log stays where its agent has it.

    Returns:
        How many files and records went; 0 when there is nothing of them.

    Raises:
        Busy: a session is being archived.
    """
    gone = 0
    for provider, session_id in sorted({(one.provider, _session_of(one)) for one in conversations}):
        gone += _forget_session(home, provider, session_id)
    if gone:
        _forget_index(home)
    return gone


def _session_of(conversation: Conversation) -> str:
    """Whose archive a conversation is in. Sub-agents of OpenClaw are sessions of their own."""
    session, _, agent = conversation.conversation_id.partition("/agent-")
    return agent if agent and conversation.provider == "openclaw" else session


def refuse_forgotten(home: Home, provider: str, session_id: str) -> None:
    """A forgotten session stays out.

    Raises:
        BadInput: it was forgotten.
    """
    if forgotten(home, provider).has(session_id):
        raise BadInput(
            "the session was forgotten and is not archived again",
            where=f"{provider}:{session_id}",
            fix="delete it where its agent keeps it",
        )


def _forget_session(home: Home, provider: str, session_id: str) -> int:
    kept, ours = _parted(records(home), provider, session_id)
    folders = {home.root / record.archive_path for record in ours}
    folders.add(home.session_raw / file_name(provider) / file_name(session_id))
    files = [path for folder in folders for path in _files_of(home, folder)]
    for folder in folders:
        remove_tree(folder)
    for path in files:
        path.unlink(missing_ok=True)
    if ours:
        with exclusive(home.session_ledger_lock, seconds=_WAIT, what="the ledger of sessions"):
            kept, _ = _parted(records(home), provider, session_id)
            with atomic_file(home.session_ledger) as stream:
                stream.write(b"".join(to_json(record) + b"\n" for record in kept))
    return len(files) + len(ours)


def _parted(
    found: list[ArchiveRecord], provider: str, session_id: str
) -> tuple[list[ArchiveRecord], list[ArchiveRecord]]:
    ours = [one for one in found if (provider_of_record(one), one.session_id) == (provider, session_id)]
    return [one for one in found if one not in ours], ours


def _files_of(home: Home, folder: Path) -> list[Path]:
    """What is kept of a session outside of its folder, and in it."""
    stem = f"{folder.parent.name}--{folder.name}"
    texts = [path for path in home.session_texts.glob("*.md") if path.name.startswith((f"{stem}.", f"{stem}--"))]
    state = home.session_projection / folder.parent.name / f"{folder.name}.json"
    inside = [path for path in folder.rglob("*") if path.is_file()] if folder.exists() else []
    return [*texts, *([state] if state.exists() else []), *inside]


def _forget_index(home: Home) -> None:
    """Words are not taken out of an index one by one: it is made anew from the texts that are left."""
    with exclusive(home.recall_index_lock, seconds=_WAIT, what="the index of sessions"):
        for path in home.recall_index.parent.glob(f"{home.recall_index.name}*"):
            path.unlink()
        remove_tree(home.qmd)
