"""A run without what is forgotten, made beside: its export cut, everything else built anew from that."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from moonshine_assets.archive.remembered import Rebuilt, rebuilt
from moonshine_assets.archive.run_archive import archive_run
from moonshine_assets.errors import BadInput, GateFailed
from moonshine_assets.exports.forgotten import Conversation, Forgotten
from moonshine_assets.forget.needles import ID, Needle
from moonshine_assets.forget.search import in_file
from moonshine_assets.gates import Verdict, require
from moonshine_assets.ledger.raw import raw_json_tokens
from moonshine_assets.ledger.run_ledger import ledger_complete, run_ledger
from moonshine_assets.providers.build import build_draft
from moonshine_assets.providers.cutting import CutExport, cut_export
from moonshine_assets.providers.format_radar import format_radar
from moonshine_assets.providers.gates import draft_gates
from moonshine_assets.providers.provider_db import produce_database, verify_published
from moonshine_assets.providers.source import raw_path, read_lock, secured_path
from moonshine_assets.tables import ATTACHMENTS, BLOCKS, CONVERSATIONS, FEEDBACK, MESSAGES
from moonshine_resources.atomic import read_json, remove_tree, sha256_file, write_json
from moonshine_resources.duckdb import connect
from moonshine_resources.home import Home, RunPaths
from moonshine_resources.tokenizer import TokenCounter

#: Places in the export move when something before them goes; ranks of ratings too.
_MOVED = frozenset({"raw_index", "raw_start", "raw_end", "feedback_id"})


class StagedRun(NamedTuple):
    """A run made anew beside; `now.facts` is None where nothing of it is left.

    Args:
        run_id: the run.
        now: what the mash is to hold of it; None: it was never counted, the mash knows nothing of it.
        conversations: ids that went.
        raw_tokens: tokens of the export's JSON that went.
        content_tokens: tokens of the content that went.
    """

    run_id: str
    now: Rebuilt | None
    conversations: set[str]
    raw_tokens: int
    content_tokens: int


def runs_of(home: Home, provider: str) -> list[RunPaths]:
    """Every run of a provider that left anything in the home."""
    found = {
        folder.name
        for parent in (home.provider_reports / provider, home.archive / provider)
        for folder in parent.glob(f"{provider}_*")
        if folder.is_dir()
    }
    return [home.run(run_id) for run_id in sorted(found)]


def carries(run: RunPaths, conversation_ids: list[str]) -> bool:
    """Whether a run's database or archived export names one of some conversations."""
    if not run.lock.exists():
        return False
    if run.database.exists():
        with connect(run.database, read_only=True) as connection:
            for table in ("conversations", "quarantine", "feedback"):
                if connection.execute(
                    f"SELECT 1 FROM store.{table} WHERE list_contains(?, conversation_id) LIMIT 1",  # noqa: S608 - names of our own tables
                    [conversation_ids],
                ).fetchall():
                    return True
    wanted = [Needle(ID, conversation_id) for conversation_id in conversation_ids]
    return any(
        in_file(path, wanted) for path in sorted(run.raw.rglob("*")) if path.is_file() and not path.name.startswith(".")
    )


def stage_run(
    home: Home, run: RunPaths, forgotten: Forgotten, counter: TokenCounter, generated_at: str
) -> StagedRun | None:
    """Make a run anew in `home.forget_work`; None where nothing of it is forgotten.

    The cut export is read by the adapter as the whole one was; what other conversations make must come out the same.

    Raises:
        BadInput: the export cannot be cut.
        Corruption: the run's database is not the one that was published.
        GateFailed: a gate does not hold on what was made, or other conversations would not be as they are.
        StorageFull: there is no space.
    """
    target = Home(home.forget_work).run(run.run_id)
    lock = read_lock(run)
    raw = secured_path(run, lock)
    cut = cut_export(run, lock, raw, forgotten, target)
    if cut is None:
        return None
    before = read_json(run.ledger) if run.ledger.exists() else {}
    raw_before, content_before = before.get("raw_json_tokens", 0), before.get("content_tokens_non_system", 0)
    if cut.empty:
        return StagedRun(run.run_id, Rebuilt(None), cut.conversations, raw_before, content_before)
    lock = _with_former(run, cut)
    write_json(target.lock, lock)
    if not run.database.exists():
        return StagedRun(run.run_id, None, cut.conversations, 0, 0)
    verify_published(run)
    _produce(target, lock, counter, generated_at)
    _require_same_rest(home, run, target, cut, counter)
    if not run.ledger.exists():
        return StagedRun(run.run_id, None, cut.conversations, 0, 0)
    ledger = _count(target, lock, counter, before["policy_version"], generated_at)
    if run.archive_manifest.exists():
        archive_run(target, generated_at)
    return StagedRun(
        run.run_id,
        rebuilt(target, target.database),
        cut.conversations,
        raw_before - ledger["raw_json_tokens"],
        content_before - ledger["content_tokens_non_system"],
    )


def _with_former(run: RunPaths, cut: CutExport) -> dict[str, Any]:
    """The new lock, with the databases the run had before: snapshots and other mashes may still name them."""
    told = cut.lock["forgotten"]
    former = [sha256_file(run.database)] if run.database.exists() else []
    former += [path.stem for path in sorted(run.archive.glob("builds/*.db"))]
    return {**cut.lock, "forgotten": {**told, "from": [*dict.fromkeys([*told["from"], *former])]}}


def _produce(target: RunPaths, lock: dict[str, Any], counter: TokenCounter, generated_at: str) -> None:
    raw = raw_path(target, lock)

    def gates(connection: duckdb.DuckDBPyConnection) -> list[Verdict]:
        format_radar(connection, target, lock, raw)
        return draft_gates(connection, target.provider, target.run_id)

    produced = produce_database(target, lock, raw, counter.count_many, gates=gates, generated_at=generated_at)
    require(produced.verdicts, where=target.run_id)


def _count(
    target: RunPaths, lock: dict[str, Any], counter: TokenCounter, policy_version: str, generated_at: str
) -> dict[str, Any]:
    raw = raw_path(target, lock)
    by_member = raw_json_tokens(raw, lock, target.raw_work, counter)
    with connect(target.database, read_only=True) as connection:
        ledger = run_ledger(
            connection,
            lock=lock,
            raw_by_member=by_member,
            counter=counter,
            policy_version=policy_version,
            generated_at=generated_at,
        )
        verdict = ledger_complete(connection, ledger, raw=raw, lock=lock, work=target.work, counter=counter)
    require([verdict], where=target.run_id)
    write_json(target.ledger, ledger)
    return ledger


def _require_same_rest(home: Home, run: RunPaths, target: RunPaths, cut: CutExport, counter: TokenCounter) -> None:
    """The other conversations are as they were; or, where this version reads the export in another way than the one
    that built the run, as this version makes them of the whole export."""
    if not _differing(run.database, target.database, cut.conversations):
        return
    whole = Home(home.forget_work / "whole").run(run.run_id)
    lock = read_lock(run)
    try:
        build_draft(whole, lock, secured_path(run, lock), counter.count_many)
        differing = _differing(whole.database_draft, target.database, cut.conversations)
    finally:
        remove_tree(home.forget_work / "whole")
    if differing:
        raise GateFailed(
            f"without what is to be forgotten other conversations would read otherwise ({', '.join(differing)})",
            where=run.run_id,
            fix="a session that goes on from it repeats its records: forget that one too",
        )


def _differing(before: Path, after: Path, gone: set[str]) -> list[str]:
    """Conversations and tables whose rows differ between two databases of a run, at most five."""
    with duckdb.connect() as connection:
        for name, path in (("before", before), ("after", after)):
            quoted = str(path).replace("'", "''")
            connection.execute(f"ATTACH '{quoted}' AS {name} (READ_ONLY)")
        found: list[str] = []
        for table in (CONVERSATIONS, MESSAGES, BLOCKS, ATTACHMENTS, FEEDBACK):
            hidden = _MOVED | ({"record_uid"} if table is FEEDBACK else set())
            columns = ", ".join(name for name in table.column_names if name not in hidden)
            sides = {
                name: f"SELECT {columns} FROM {name}.store.{table.name}"  # noqa: S608 - names of our own tables
                " WHERE NOT coalesce(list_contains($gone, conversation_id), false)"
                for name in ("before", "after")
            }
            for one, other in (("before", "after"), ("after", "before")):
                found += [
                    f"{table.name} of {row[0]}"
                    for row in connection.execute(
                        f"SELECT DISTINCT conversation_id FROM (({sides[one]}) EXCEPT ALL ({sides[other]}))"  # noqa: S608 - as above
                        " ORDER BY 1 LIMIT 5",
                        {"gone": sorted(gone)},
                    ).fetchall()
                ]
    return list(dict.fromkeys(found))[:5]


def conversations_of(home: Home, run_id: str) -> list[Conversation]:
    """Every conversation a run has.

    Raises:
        BadInput: the run has no database.
    """
    run = home.run(run_id)
    if not run.database.exists():
        raise BadInput("the run has no database", where=run_id, fix="`moonshine status` lists the runs")
    with connect(run.database, read_only=True) as connection:
        found = connection.execute("SELECT conversation_id FROM store.conversations ORDER BY ALL").fetchall()
    return [Conversation(run.provider, row[0]) for row in found]
