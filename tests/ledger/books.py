"""A home whose runs, mash and ledgers are real, kept in step by a few verbs; texts are counted in words."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from typing import Any

from distill.corpus import WORD_COUNTER
from mash.runs import MEMBER, NOW, STAMP, no_gates, publish_run
from mash.runs import merge as merge_into

from moonshine_assets.distill.clean import clean
from moonshine_assets.distill.policy import load
from moonshine_assets.distill.slice import write_slice
from moonshine_assets.exports.records import ParsedConversation
from moonshine_assets.gates import Verdict
from moonshine_assets.ledger.main_ledger import main_ledger
from moonshine_assets.ledger.reconciliation import reconcile, reconciliation
from moonshine_assets.ledger.run_ledger import publish_ledger, run_ledger
from moonshine_assets.mash.merge import RunFacts
from moonshine_assets.mash.rollback import rollback_run
from moonshine_resources.atomic import read_json, write_json
from moonshine_resources.duckdb import connect
from moonshine_resources.home import Home

#: So that a run's JSON has more tokens than its texts, whatever they are.
RAW = 10_000


class Words:
    """Who counted."""

    def __init__(self, version: str = "1") -> None:
        self.version = version

    def identity(self) -> dict[str, str]:
        vocabulary = sha256(self.version.encode()).hexdigest()
        return {"tokenizer": "words", "library": "split", "version": self.version, "vocabulary_sha256": vocabulary}


class Books:
    """Runs are published and merged; `settled` makes main ledger and reconciliation as their stage does."""

    def __init__(self, home: Home) -> None:
        self.home = home

    def published(self, run_id: str, talks: Iterable[ParsedConversation], raw: int = RAW) -> RunFacts:
        facts = publish_run(self.home, talks, run_id)
        self.home.run(run_id).ledger.unlink()
        self.counted(run_id, {MEMBER: raw})
        return facts._replace(raw_json_tokens=raw)

    def counted(self, run_id: str, raw: dict[str, int], version: str = "1") -> None:
        """The run's ledger, as its stage writes it."""
        run = self.home.run(run_id)
        with connect(run.database, read_only=True) as connection:
            ledger = run_ledger(
                connection,
                lock=read_json(run.lock),
                raw_by_member=raw,
                counter=Words(version),  # type: ignore[arg-type]
                policy_version="policy",
                generated_at=STAMP,
            )
        publish_ledger(run, ledger)

    def merged(self, run_id: str, talks: Iterable[ParsedConversation], raw: int = RAW) -> RunFacts:
        facts = self.published(run_id, talks, raw)
        merge_into(self.home, facts, gates=no_gates)
        return facts

    def rolled_back(self, run_id: str) -> None:
        with connect(self.home.mash, read_only=False) as connection:
            rollback_run(connection, "chatgpt", run_id, moment=NOW, reason="test", gates=no_gates)

    def changed(self, statement: str, *parameters: object) -> None:
        """Break the mash by hand."""
        with connect(self.home.mash, read_only=False) as connection:
            connection.execute(statement, list(parameters))

    def settled(self, stamp: str = STAMP) -> dict[str, Any]:
        """The record, which is then in its place."""
        policy = load("default")
        with connect(self.home.mash, read_only=False) as connection:
            clean(connection, policy, WORD_COUNTER)
            write_slice(connection, policy, "main_20261120_120000")
        with connect(self.home.mash, read_only=True) as connection:
            ledger = main_ledger(
                connection,
                counter=Words(),  # type: ignore[arg-type]
                policy_version=policy.version,
                run_id="main_20261120_120000",
                generated_at=stamp,
            )
            record = reconcile(connection, self.home, ledger)
        write_json(self.home.token_ledger, ledger)
        write_json(self.home.reconciliation, record)
        return record


def terms(record: dict[str, Any], comparison: str, counter: str, run_id: str | None = None) -> dict[str, int]:
    """Tokens by kind of one mismatch; empty when the two numbers are equal."""
    found: dict[str, int] = {}
    for entry in record["mismatches"]:
        if (entry["comparison"], entry["counter"], entry.get("run_id")) == (comparison, counter, run_id):
            for term in entry["terms"]:
                found[term["kind"]] = found.get(term["kind"], 0) + term["tokens"]
    return found


def verdict(record: dict[str, Any]) -> Verdict:
    return reconciliation(record)
