"""The steps of a provider run on one data home, as the assets take them."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from moonshine_assets.exports.register import register
from moonshine_assets.gates import Verdict, require
from moonshine_assets.ledger.raw import raw_json_tokens
from moonshine_assets.ledger.run_ledger import ledger_complete, run_ledger
from moonshine_assets.providers.build import build_draft
from moonshine_assets.providers.gates import draft_gates
from moonshine_assets.providers.publish import publish_database
from moonshine_assets.providers.rows import CountMany
from moonshine_assets.providers.source import raw_path, read_lock, secure
from moonshine_assets.tables import RUN_TABLES
from moonshine_resources.duckdb import connect
from moonshine_resources.home import Home, RunPaths
from moonshine_resources.tokenizer import TokenCounter

MOMENT = datetime(2026, 1, 31, 12, 0, 0, tzinfo=UTC)


def count_words(texts: Any) -> list[int]:
    """A stand-in for the tokenizer where counts do not matter."""
    return [len(text.split()) for text in texts]


class Intake:
    """One data home and what is done to it."""

    def __init__(self, home: Home, count_many: CountMany = count_words) -> None:
        self.home = home
        self.count_many = count_many

    def registered(self, path: Path, moment: datetime = MOMENT) -> RunPaths:
        return self.home.run(register(self.home, path, moment=moment).run_id)

    def drafted(self, path: Path, moment: datetime = MOMENT) -> RunPaths:
        """Registered, secured, built; the draft's gates are not asked."""
        run = self.registered(path, moment)
        secured = secure(run)
        build_draft(run, read_lock(run), secured.path, self.count_many)
        return run

    def gates(self, run: RunPaths) -> dict[str, Verdict]:
        with connect(run.database_draft, read_only=True) as connection:
            return {verdict.gate: verdict for verdict in draft_gates(connection, run.provider, run.run_id)}

    def published(self, path: Path, moment: datetime = MOMENT) -> RunPaths:
        """As drafted, its gates held, and published."""
        run = self.drafted(path, moment)
        require(list(self.gates(run).values()), where=run.run_id)
        publish_database(run, read_lock(run), "2026-01-31T12:00:00Z")
        return run

    def change_draft(self, run: RunPaths, statement: str) -> None:
        """Break a draft by hand."""
        with connect(run.database_draft, read_only=False) as connection:
            connection.execute(statement)

    def ledger(self, run: RunPaths, counter: TokenCounter) -> dict[str, Any]:
        lock = read_lock(run)
        raw = raw_json_tokens(raw_path(run, lock), lock, run.work, counter)
        with connect(run.database, read_only=True) as connection:
            return run_ledger(
                connection,
                lock=lock,
                raw_by_member=raw,
                counter=counter,
                policy_version="policy-1",
                generated_at="2026-01-31T12:00:00Z",
            )

    def ledger_verdict(self, run: RunPaths, ledger: dict[str, Any], counter: TokenCounter) -> Verdict:
        lock = read_lock(run)
        with connect(run.database, read_only=True) as connection:
            return ledger_complete(
                connection, ledger, raw=raw_path(run, lock), lock=lock, work=run.work, counter=counter
            )


def query(database: Path, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
    with connect(database, read_only=True) as connection:
        return connection.execute(statement, list(parameters) or None).fetchall()


def content_hash(database: Path) -> str:
    """Hash of every stored row of every table, in order."""
    digest = hashlib.sha256()
    with connect(database, read_only=True) as connection:
        for table in RUN_TABLES:
            for row in connection.execute(f"SELECT * FROM store.{table.name} ORDER BY ALL").fetchall():
                digest.update(repr((table.name, row)).encode())
    return digest.hexdigest()


def files_of(home: Home) -> set[str]:
    """Every file of the home but its locks and caches, by relative name."""
    return {
        path.relative_to(home.root).as_posix()
        for path in home.root.rglob("*")
        if path.is_file() and path.relative_to(home.root).parts[0] not in ("locks", "cache")
    }
