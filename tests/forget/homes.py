"""Homes with merged runs, made as the assets make them, and forgetting in them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
from mash.runs import quick_gates

from moonshine_assets.archive.run_archive import archive_run
from moonshine_assets.archive.snapshot import archived_first, take_snapshot
from moonshine_assets.exports.forgotten import Conversation, entries
from moonshine_assets.exports.register import register
from moonshine_assets.forget.forget import begin, carry_out, plan, prove
from moonshine_assets.forget.search import Place
from moonshine_assets.gates import Verdict, require
from moonshine_assets.ledger.raw import raw_json_tokens
from moonshine_assets.ledger.run_ledger import ledger_complete, run_ledger
from moonshine_assets.mash.forgotten import nothing_forgotten
from moonshine_assets.mash.merge import RunFacts, merge_run
from moonshine_assets.providers.gates import no_contamination, receipt_balances
from moonshine_assets.providers.provider_db import produce_database
from moonshine_assets.providers.source import raw_path, read_lock, secure
from moonshine_resources import clock
from moonshine_resources.atomic import read_json, write_json_keeping
from moonshine_resources.duckdb import connect
from moonshine_resources.home import Home, RunPaths
from moonshine_resources.tokenizer import TokenCounter

MOMENT = datetime(2026, 2, 1, 12, tzinfo=UTC)
LATER = MOMENT + timedelta(days=1)


def counted(home: Home, export: Path, counter: TokenCounter, moment: datetime = MOMENT) -> RunPaths:
    """A run as provider_export, provider_db and token_ledger leave it."""
    run = home.run(register(home, export, moment=moment).run_id)
    stamp = clock.iso(moment)
    secured = secure(run)
    lock = read_lock(run)

    def gates(connection: duckdb.DuckDBPyConnection) -> list[Verdict]:
        # Those that are about what is cut; the others cost most of the time of so small a run.
        forgotten = nothing_forgotten(connection, entries(home, run.provider))
        return [receipt_balances(connection), no_contamination(connection), forgotten]

    produced = produce_database(run, lock, secured.path, counter.count_many, gates=gates, generated_at=stamp)
    require(produced.verdicts, where=run.run_id)
    raw = raw_path(run, lock)
    by_member = raw_json_tokens(raw, lock, run.raw_work, counter)
    with connect(run.database, read_only=True) as connection:
        ledger = run_ledger(
            connection, lock=lock, raw_by_member=by_member, counter=counter, policy_version="p-1", generated_at=stamp
        )
        require(
            [ledger_complete(connection, ledger, raw=raw, lock=lock, work=run.work, counter=counter)], where=run.run_id
        )
    write_json_keeping(run.ledger, ledger)
    return run


def merged(home: Home, export: Path, counter: TokenCounter, moment: datetime = MOMENT) -> RunPaths:
    """The same, archived, snapshotted for and merged."""
    run = counted(home, export, counter, moment)
    merge_again(home, run, moment)
    return run


def archive(home: Home, run: RunPaths, moment: datetime = MOMENT) -> None:
    """What must exist before a merge, and does."""
    stamp = clock.iso(moment)
    archive_run(run, stamp)
    take_snapshot(home, run.run_id, stamp)
    require([archived_first(home, run.run_id)], where=run.run_id)


def merge_again(home: Home, run: RunPaths, moment: datetime = MOMENT) -> int:
    """Archive and merge a counted run; how many rows that wrote."""
    archive(home, run, moment)
    ledger = read_json(run.ledger)
    facts = RunFacts(
        run.run_id,
        run.provider,
        run.database,
        read_json(run.provenance)["database_sha256"],
        ledger["raw_json_tokens"],
        ledger["content_tokens_non_system"],
    )
    home.mash.parent.mkdir(parents=True, exist_ok=True)
    with connect(home.mash, read_only=False) as connection:
        done = merge_run(
            connection,
            facts,
            moment=moment,
            reason="test",
            gates=quick_gates,
        )
    return done.written


def forget(home: Home, *names: str, counter: TokenCounter, moment: datetime = MOMENT) -> list[Place]:
    """Forget conversations named `provider/id`; the places that still carry them."""
    wanted = [Conversation(*name.split("/", 1)) for name in names]
    intent = begin(home, plan(home, wanted), reason="test", moment=moment)
    carry_out(home, intent, counter)
    return prove(home, intent)[0]


def said(home: Home) -> dict[str, tuple[str, ...]]:
    """The current version of each conversation by its id: its texts in order."""
    with connect(home.mash, read_only=True) as connection:
        return {
            name: tuple(texts)
            for name, texts in connection.execute(
                "SELECT conversation_id, list(text ORDER BY position) FROM main.messages GROUP BY ALL"
            ).fetchall()
        }
