"""Conversations out of everything of a home: staged beside, put in place, swept after, proved by a search."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import duckdb

from moonshine_assets.archive.remembered import Rebuilt
from moonshine_assets.archive.retention import snapshots
from moonshine_assets.errors import BadInput
from moonshine_assets.exports.adapters import BY_PROVIDER
from moonshine_assets.exports.forgotten import Conversation, Forgotten, bury, entries, exhume, tombstone
from moonshine_assets.exports.records import ParsedConversation
from moonshine_assets.forget import intent as journal
from moonshine_assets.forget.intent import PUBLISHING, STAGING, SWEEPING, Intent
from moonshine_assets.forget.needles import Needle, chosen, needles, pieces_of, without_common
from moonshine_assets.forget.publish import publish_staged
from moonshine_assets.forget.search import Place, in_file, in_inbox, search
from moonshine_assets.forget.stage_mash import holds, stage_mash
from moonshine_assets.forget.stage_run import StagedRun, carries, runs_of, stage_run
from moonshine_assets.forget.stage_snapshots import stage_snapshots
from moonshine_assets.forget.sweep import sweep
from moonshine_resources import clock, progress
from moonshine_resources.atomic import remove_tree
from moonshine_resources.duckdb import connect
from moonshine_resources.home import Home, RunPaths
from moonshine_resources.locks import exclusive
from moonshine_resources.tokenizer import TokenCounter

#: How long to wait for another writer, seconds.
_WAIT = 600.0
#: Stands beside the mash after a restore.
_ASIDE = "moonshine_mash_before_restore_*.db"


@dataclass
class Plan:
    """What a forgetting would do.

    Args:
        conversations: what goes, sub-agents included.
        titles: how many messages each has in its newest run.
        runs: runs that hold them.
        continued_by: conversations that were resumed or forked from one of them and are not named.
        snapshots: snapshots of the mash that hold one of the runs.
        known: they were forgotten before; only a search is left to do.
    """

    conversations: list[Conversation]
    messages: dict[Conversation, int] = field(default_factory=dict)
    runs: list[str] = field(default_factory=list)
    continued_by: list[Conversation] = field(default_factory=list)
    snapshots: list[str] = field(default_factory=list)
    known: bool = False


def plan(home: Home, named: Iterable[Conversation]) -> Plan:
    """What forgetting some conversations would do; nothing is changed.

    Raises:
        BadInput: a provider nobody knows, or a conversation that is nowhere in the home.
    """
    wanted = list(dict.fromkeys(named))
    for conversation in wanted:
        if conversation.provider not in BY_PROVIDER:
            raise BadInput(
                f"{conversation.provider!r} is no provider",
                where=str(conversation),
                fix=f"name it PROVIDER/CONVERSATION_ID; providers are {', '.join(sorted(BY_PROVIDER))}",
            )
    found = Plan([])
    seen: set[Conversation] = set()
    for provider in dict.fromkeys(conversation.provider for conversation in wanted):
        ids = [conversation.conversation_id for conversation in wanted if conversation.provider == provider]
        for run in runs_of(home, provider):
            if not carries(run, ids):
                continue
            found.runs.append(run.run_id)
            for conversation, messages in _of_run(run, ids, found):
                seen.add(conversation)
                found.messages[conversation] = max(messages, found.messages.get(conversation, 0))
    found.conversations = [*wanted, *sorted(seen.difference(wanted))]
    found.continued_by = sorted(set(found.continued_by) - set(found.conversations))
    found.snapshots = [one.run_id for one in snapshots(home) if _snapshot_holds(home, one.run_id, found.runs)]
    buried = {entry["conversation_sha256"] for entry in entries(home)}
    nowhere = [one for one in wanted if one not in seen and tombstone(*one) not in buried]
    if nowhere and not found.runs and not _in_sessions(home, nowhere):
        raise BadInput(
            "there is no such conversation in this home",
            where=", ".join(map(str, nowhere)),
            fix='`moonshine query "SELECT provider, conversation_id, title FROM conversations"` lists those there are',
        )
    found.known = not found.runs
    return found


def _in_sessions(home: Home, conversations: Sequence[Conversation]) -> bool:
    """Whether an archived session that never became a run is one of some conversations."""
    wanted = needles(conversations, ())
    files = sorted((home.archive / "sessions").rglob("*"))
    return any(in_file(path, wanted, home.root) for path in files if path.is_file())


def begin(home: Home, found: Plan, *, reason: str, moment: datetime) -> Intent:
    """Say on disk what is to be forgotten. From here on it does not come back, whatever happens."""
    intent = Intent(found.conversations, reason, clock.iso(moment))
    bury(home, intent.conversations, intent.requested_at)
    journal.keep(home, intent)
    return intent


def carry_out(home: Home, intent: Intent, counter: TokenCounter) -> dict[str, int]:
    """Everything up to the distillation, which follows; a forgetting that was broken off goes on where it was.

    Returns:
        How many derived files went, by what was done to them.

    Raises:
        BadInput, GateFailed, StorageFull: it cannot be done; the home is as it was, and nothing is forgotten.
        Busy: another process kept the mash.
    """
    with (
        exclusive(home.mash_lock, seconds=_WAIT, what="the mash"),
        exclusive(home.registry_lock, seconds=_WAIT, what="the list of sources"),
    ):
        if intent.phase == STAGING:
            try:
                _stage(home, intent, counter)
            except BaseException as error:
                remove_tree(home.forget_work)
                if isinstance(error, Exception):
                    exhume(home, intent.conversations, intent.requested_at)
                    journal.done(home)
                raise
        if intent.phase == PUBLISHING:
            publish_staged(home, intent)
            _enter(home, intent, SWEEPING)
        return _swept(home, intent)


def prove(home: Home, intent: Intent) -> tuple[list[Place], list[Path]]:
    """After the distillation: places in the home that still carry what was forgotten (none, if all is well), and files
    of the inbox that do, which are the person's. The forgetting is over then."""
    with exclusive(home.mash_lock, seconds=_WAIT, what="the mash"):
        _swept(home, intent)
        wanted = _needles(intent)
        found = search(home, wanted, lambda done, total: progress.report("searching every file", done, total))
        given = in_inbox(home, wanted)
        remove_tree(home.forget_work)
        journal.done(home)
    return found, given


def _stage(home: Home, intent: Intent, counter: TokenCounter) -> None:
    remove_tree(home.forget_work)
    moment = datetime.fromisoformat(intent.requested_at)
    staged: list[StagedRun] = []
    fragments: list[str] = []
    for provider in dict.fromkeys(conversation.provider for conversation in intent.conversations):
        ids = [one.conversation_id for one in intent.conversations if one.provider == provider]
        known = [entry["conversation_sha256"] for entry in entries(home, provider)]
        candidates = [run for run in runs_of(home, provider) if carries(run, ids)]
        for number, run in enumerate(candidates):
            progress.report(f"cutting {run.run_id}", number, len(candidates))
            one = stage_run(home, run, Forgotten(provider, known, ids), counter, intent.requested_at)
            if one is not None:
                staged.append(one)
        fragments += _fragments([run for run in runs_of(home, provider) if run.database.exists()], ids)
    intent.fragments = chosen(fragments)
    intent.runs = {one.run_id: one.now is not None and one.now.facts is None for one in staged}
    became = {one.run_id: one.now for one in staged if one.now is not None}
    _stage_mashes(home, intent, became, moment)
    stage_snapshots(home, became, lambda done, total: progress.report("describing snapshots anew", done, total))
    _bury(home, intent, staged)
    _enter(home, intent, PUBLISHING)


def _stage_mashes(home: Home, intent: Intent, became: dict[str, Rebuilt], moment: datetime) -> None:
    mashes = [path for path in (home.mash, *sorted(home.main.glob(_ASIDE))) if path.exists()]
    staged = Home(home.forget_work)
    for number, mash in enumerate(mashes):
        progress.report(f"writing {mash.name} anew", number, len(mashes))
        target = staged.main / mash.name
        written = stage_mash(mash, target, became, moment=moment, reason=intent.reason)
        if holds(target if written else mash, intent.conversations):
            raise BadInput(
                "holds the conversation, and no run of this home that it could have come from",
                where=str(mash),
                fix="remove the file if it is an old copy; for the mash itself run `moonshine archive drill`",
            )


def _bury(home: Home, intent: Intent, staged: Sequence[StagedRun]) -> None:
    bury(
        home,
        intent.conversations,
        intent.requested_at,
        run_ids={
            conversation: [
                one.run_id
                for one in staged
                if one.run_id.startswith(conversation.provider) and conversation.conversation_id in one.conversations
            ]
            for conversation in intent.conversations
        },
        runs=[
            {
                "run_id": one.run_id,
                "conversations": len(one.conversations),
                "raw_json_tokens": one.raw_tokens,
                "content_tokens_non_system": one.content_tokens,
                "gone": intent.runs[one.run_id],
            }
            for one in staged
        ],
    )


def _enter(home: Home, intent: Intent, phase: str) -> None:
    intent.phase = phase
    journal.keep(home, intent)


def _swept(home: Home, intent: Intent) -> dict[str, int]:
    return sweep(
        home,
        intent.conversations,
        _needles(intent),
        lambda done, total: progress.report("looking at derived files", done, total),
    )


def _needles(intent: Intent) -> list[Needle]:
    return needles(intent.conversations, intent.fragments)


def _fragments(runs: Sequence[RunPaths], ids: list[str]) -> list[str]:
    """Pieces of what the conversations say that no other conversation of the runs has."""
    pieces: list[str] = []
    for run in runs:
        with connect(run.database, read_only=True) as connection:
            pieces += pieces_of(connection, ids)
    pieces = chosen(pieces)
    for run in runs:
        with connect(run.database, read_only=True) as connection:
            pieces = without_common(connection, pieces, ids)
    return pieces


def _of_run(run: RunPaths, ids: list[str], found: Plan) -> list[tuple[Conversation, int]]:
    """The conversations of a run that go, with their messages; those that go on from them are noted."""
    if not run.database.exists():
        return []
    with connect(run.database, read_only=True) as connection:
        rows = connection.execute(
            "SELECT conversation_id, parent_conversation_id, flags, message_count FROM store.conversations"
            " WHERE list_contains($ids, conversation_id) OR list_contains($ids, parent_conversation_id)",
            {"ids": ids},
        ).fetchall()
        quarantined = connection.execute(
            "SELECT DISTINCT conversation_id FROM store.quarantine WHERE list_contains(?, conversation_id)", [ids]
        ).fetchall()
    wanted = Forgotten(run.provider, (), ids)
    gone = [(Conversation(run.provider, row[0]), 0) for row in quarantined]
    for conversation_id, parent, flags, messages in rows:
        conversation = Conversation(run.provider, conversation_id)
        if wanted.takes(_as_parsed(conversation_id, parent, flags)):
            gone.append((conversation, messages))
        else:
            found.continued_by.append(conversation)
    return gone


def _as_parsed(conversation_id: str, parent: str | None, flags: list[str]) -> ParsedConversation:
    return ParsedConversation(
        conversation_id, shape="", source_type="", nodes=[], nodes_in=0, flags=flags, parent_conversation_id=parent
    )


def _snapshot_holds(home: Home, run_id: str, runs: list[str]) -> bool:
    file = home.premerge_snapshot(run_id)
    if not file.exists() or not runs:
        return False
    with duckdb.connect(str(file), read_only=True) as connection:
        found = connection.execute(
            "SELECT 1 FROM store.runs WHERE list_contains(?, provider_run_id) LIMIT 1", [runs]
        ).fetchall()
    return bool(found)
