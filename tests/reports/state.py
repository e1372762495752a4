"""A data home as the stages before the reports leave it: two merged runs, ledgers, reconciliation, lanes."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import duckdb
from distill.corpus import WORD_COUNTER, Corpus, conversation, human, injected, model

from moonshine_assets.distill.clean import clean
from moonshine_assets.distill.policy import Policy, load
from moonshine_assets.distill.slice import write_slice
from moonshine_assets.gates import rows
from moonshine_assets.lanes.build import LANES, build_lane
from moonshine_assets.lanes.write import write_lane
from moonshine_assets.ledger.main_ledger import main_ledger
from moonshine_assets.ledger.reconciliation import reconcile
from moonshine_assets.ledger.record import COUNTERS, Step, ledger_record
from moonshine_assets.mash.merge import merge_manifest
from moonshine_assets.mash.state import mash_state
from moonshine_assets.reports.manifests import authority_manifest, distillation_manifest
from moonshine_assets.reports.status import write_status
from moonshine_assets.tables import RECEIPTS
from moonshine_resources.atomic import write_json
from moonshine_resources.home import Home

CHATGPT, CLAUDE = "chatgpt_20260131_120000", "claude_20260201_080000"
DISTILLATION = "main_20260202_090000"
NOW = "2026-02-02T09:00:00Z"
LATER = "2026-02-03T10:00:00Z"
#: Stands in every title and text, so that a report that prints one is found out.
PRIVATE = "quincunx"
_RAW_TOKENS = {CHATGPT: 12_345, CLAUDE: 7_000}


class _Identity:
    """Who counted; the corpus counts words."""

    def identity(self) -> dict[str, str]:
        vocabulary = sha256(b"words").hexdigest()
        return {"tokenizer": "words", "library": "split", "version": "1.0", "vocabulary_sha256": vocabulary}


class State(NamedTuple):
    """The mash and its home."""

    connection: duckdb.DuckDBPyConnection
    home: Home
    policy: Policy

    def manifests(self, generated_at: str = NOW) -> None:
        """Distillation and authority manifest and the status block, as the stages write them."""
        distillation_manifest(
            self.home,
            policy=self.policy,
            run_id=DISTILLATION,
            mash_state=mash_state(self.connection),
            generated_at=generated_at,
        )
        authority_manifest(self.home, generated_at)
        write_status(self.home)


def state(root: Path) -> State:
    """Everything up to the lanes; the manifests are the test's to write."""
    home, policy = Home(root), load("default")
    connection = _mash()
    clean(connection, policy, WORD_COUNTER)
    write_slice(connection, policy, DISTILLATION)
    for lane in LANES:
        write_lane(home, lane, DISTILLATION, policy, build_lane(connection, lane, policy, DISTILLATION))
    for run_id in (CHATGPT, CLAUDE):
        _run_files(connection, home, run_id, policy)
    write_json(home.merge_manifest, merge_manifest(connection))
    counter = _Identity()
    ledger = main_ledger(
        connection,
        counter=counter,
        policy_version=policy.version,
        run_id=DISTILLATION,
        generated_at=NOW,  # type: ignore[arg-type]
    )
    write_json(home.main_ledger, ledger)
    write_json(home.token_ledger, ledger)
    write_json(home.reconciliation, reconcile(connection, home, ledger))
    return State(connection, home, policy)


def _mash() -> duckdb.DuckDBPyConnection:
    words = f"{PRIVATE} " * 900
    corpus = Corpus(
        conversation(
            "c1",
            injected("s1", None, f"{PRIVATE} rules", role="system"),
            human("u1", "s1", f"{words} first"),
            model("a1", "u1", f"{words} answer"),
            model("a2", "u1", f"{words} other answer"),
            human("u2", "a2", f"thanks {PRIVATE}"),
            model("a3", "u2", f"welcome {PRIVATE}"),
        ),
        conversation("c2", human("u1", None, f"{words} first"), model("a1", "u1", f"{words} answer"), timed=False),
    )
    corpus.add(conversation("d1", human("u1", None, f"{words} again"), model("a1", "u1", f"{words} yes")), run=CLAUDE)
    connection = corpus.mash()
    connection.execute("UPDATE store.conversations SET title = ?", [f"about {PRIVATE}"])
    for run_id in (CHATGPT, CLAUDE):
        _receipt_and_run(connection, run_id)
    return connection


def _receipt_and_run(connection: duckdb.DuckDBPyConnection, run_id: str) -> None:
    facts = rows(
        connection,
        "SELECT count(*) FILTER (visible) AS visible, count(*) FILTER (NOT visible) AS hidden,"
        " count(DISTINCT conversation_id) AS conversations, count(*) AS messages,"
        " (sum(content_tokens) FILTER (role <> 'system'))::BIGINT AS content"
        " FROM store.messages WHERE provider_run_id = ?",
        [run_id],
    )[0]
    provider = run_id.split("_")[0]
    digest = sha256(run_id.encode()).hexdigest()
    receipt = {
        **dict.fromkeys(RECEIPTS.column_names, 0),
        "provider": provider,
        "provider_run_id": run_id,
        "source_file_sha256": digest,
        "source_path": f"{PRIVATE}.zip",
        "ingested_at": datetime(2026, 1, 31, 12),
        "record_uid": digest,
        "member": "conversations.json",
        "member_role": "conversations",
        "conversations_in": facts["conversations"] + 1,
        "conversations_written": facts["conversations"],
        "conversations_quarantined": 1,
        "nodes_in": facts["messages"] + 4,
        "nodes_visible": facts["visible"],
        "nodes_hidden": facts["hidden"],
        "nodes_structural": 1,
        "nodes_duplicate": 2,
        "nodes_quarantined": 1,
    }
    raw, content = _RAW_TOKENS[run_id], facts["content"]
    marks = ", ".join("?" * len(receipt))
    connection.execute(f"INSERT INTO store.receipts VALUES ({marks})", list(receipt.values()))
    connection.execute(
        "INSERT INTO store.runs BY NAME SELECT ? AS provider, ? AS provider_run_id, ? AS source_file_sha256,"
        " 'export.zip' AS source_path, ? AS database_sha256, TIMESTAMP '2026-01-31 12:00' AS ingested_at,"
        " TIMESTAMP '2026-02-01 12:00' AS merged_at, ? AS conversations, ? AS messages, ? AS raw_json_tokens,"
        " ? AS content_tokens_non_system",
        [provider, run_id, digest, digest, *(facts[name] for name in ("conversations", "messages")), raw, content],
    )


def _run_files(connection: duckdb.DuckDBPyConnection, home: Home, run_id: str, policy: Policy) -> None:
    figures = rows(
        connection,
        "SELECT (sum(content_tokens) FILTER (role <> 'system'))::BIGINT AS content,"
        " (SELECT sum(tokens)::BIGINT FROM store.texts WHERE content_sha256 IN"
        "  (SELECT content_sha256 FROM store.messages WHERE provider_run_id = $run AND role <> 'system')) AS cleaned"
        " FROM store.messages WHERE provider_run_id = $run",
        {"run": run_id},
    )[0]
    raw, content, cleaned = _RAW_TOKENS[run_id], figures["content"], figures["cleaned"]
    digest = sha256(run_id.encode()).hexdigest()
    ledger = ledger_record(
        run_id=run_id,
        source_sha256=digest,
        counters=dict(zip(COUNTERS, (raw, content, cleaned, 0), strict=True)),
        steps=[
            Step(COUNTERS[0], COUNTERS[1], "json_structure_and_escaping", raw - content),
            Step(COUNTERS[1], COUNTERS[2], "exact_duplicate", content - cleaned),
            Step(COUNTERS[2], COUNTERS[3], "not_distilled_in_a_single_run", cleaned),
        ],
        identity=_Identity().identity(),
        parsing_scope="conversations",
        policy_version=policy.version,
        generated_at=NOW,
        extra={"raw_json_tokens_by_file": {"conversations.json": raw}},
    )
    run = home.run(run_id)
    write_json(run.ledger, ledger)
    write_json(run.lock, {"run_id": run_id, "source_sha256": digest, "source_path": "export.zip"})
    write_json(run.provenance, {"run_id": run_id, "source_sha256": digest, "database_sha256": digest})
