"""The contract records: JSON in and out, fixed names, nothing taken that was not declared."""

from __future__ import annotations

import json
from typing import Any

import pytest

from moonshine_assets.errors import BadInput
from moonshine_assets.sessions.configuration import load
from moonshine_assets.sessions.contracts import CONTRACTS, Contract, from_json, lock_payload, to_json
from moonshine_assets.sessions.contracts_page import page
from moonshine_resources.home import PROJECT_ROOT

HASH = "ab" * 32
DECISION = {"statement": "The ledger stays in one file.", "message_ids": ["m1", "m2"]}
MATCH = {"archive_path": "archive/sessions/a", "snippet": "one file", "score": 0.5, "metadata": {"source": "codex"}}
EXAMPLES: dict[str, dict[str, Any]] = {
    "SessionUsageSnapshot": {
        "session_id": "s",
        "used_tokens": 50,
        "max_tokens": 200,
        "usage_ratio": 0.25,
        "captured_at_epoch_secs": 1,
        "provider": "codex",
    },
    "ArchiveRecord": {
        "session_id": "s",
        "archive_path": "archive/sessions/raw/s",
        "content_hash": HASH,
        "created_at_epoch_secs": 1,
        "indexed_collection": "history",
        "projection_filtered_noise_count": 0,
    },
    "DistillationRecord": {
        "session_id": "s",
        "archive_path": "a",
        "provider": "codex",
        "summary_path": "memory/2027-01-15.md",
        "audit_log_path": "moon/logs/audit.log",
        "created_at_epoch_secs": 1,
    },
    "ContinuityMap": {
        "source_session_id": "s",
        "target_session_id": "t",
        "archive_refs": ["a"],
        "daily_memory_refs": [],
        "key_decisions": [DECISION],
        "generated_at_epoch_secs": 1,
    },
    "KeyDecision": DECISION,
    "RecallResult": {"query": "q", "matches": [MATCH], "generated_at_epoch_secs": 1},
    "RecallMatch": MATCH,
    "DistillTriggers": {
        "cooldown_secs": 60,
        "max_per_cycle": 1,
        "residential_timezone": "UTC",
        "chunk_bytes": 65536,
        "max_chunks": 64,
        "model_context_tokens": 200000,
    },
    "DaemonLockPayload": {"pid": 7, "started_at_epoch_secs": 1, "build_uuid": "b", "moon_home": "/h"},
}
WRONG = [
    ("SessionUsageSnapshot", {"max_tokens": 0}),
    ("SessionUsageSnapshot", {"usage_ratio": 0.3}),
    ("SessionUsageSnapshot", {"used_tokens": -1}),
    ("SessionUsageSnapshot", {"session_id": ""}),
    ("ArchiveRecord", {"content_hash": "abc"}),
    ("ArchiveRecord", {"created_at_epoch_secs": "1"}),
    ("ContinuityMap", {"archive_refs": []}),
    ("ContinuityMap", {"key_decisions": [{"statement": "Uncited.", "message_ids": []}]}),
    ("DistillTriggers", {"max_chunks": 0}),
    ("DaemonLockPayload", {"pid": 0}),
]


@pytest.mark.parametrize("kind", CONTRACTS, ids=lambda kind: kind.__name__)
def test_a_record_is_the_same_after_writing_and_reading(kind: type[Contract]) -> None:
    example = EXAMPLES[kind.__name__]
    record = from_json(json.dumps(example), kind)
    assert json.loads(to_json(record)) == example
    assert list(json.loads(to_json(record))) == list(example)
    assert from_json(to_json(record), kind) == record


@pytest.mark.parametrize("kind", CONTRACTS, ids=lambda kind: kind.__name__)
def test_a_missing_or_unknown_field_is_refused(kind: type[Contract]) -> None:
    example = EXAMPLES[kind.__name__]
    for field in example:
        with pytest.raises(BadInput, match=rf"here: not a {kind.__name__}.*{field}.*docs/contracts\.md"):
            from_json(json.dumps({key: value for key, value in example.items() if key != field}), kind, "here")
    with pytest.raises(BadInput, match="unknown field `more`"):
        from_json(json.dumps({**example, "more": 1}), kind)


@pytest.mark.parametrize(("name", "change"), WRONG, ids=str)
def test_a_value_out_of_bounds_is_refused(name: str, change: dict[str, Any]) -> None:
    kind = next(kind for kind in CONTRACTS if kind.__name__ == name)
    with pytest.raises(BadInput):
        from_json(json.dumps({**EXAMPLES[name], **change}), kind)


def test_what_could_not_be_read_back_is_not_written() -> None:
    record = from_json(json.dumps(EXAMPLES["RecallMatch"]), CONTRACTS[6])
    with pytest.raises(BadInput):
        to_json(type(record)(**{**EXAMPLES["RecallMatch"], "score": float("nan")}))


def test_bytes_that_are_no_json_are_refused() -> None:
    for data in (b"", b"{", b"[]", b"\xff\xfe", b"null"):
        with pytest.raises(BadInput):
            from_json(data, CONTRACTS[0])


@pytest.mark.parametrize("text", ["4711", "4711\n", " 4711 "])
def test_a_lock_of_one_line_is_still_read(text: str) -> None:
    payload = lock_payload(text)
    assert (payload.pid, payload.started_at_epoch_secs, payload.build_uuid, payload.moon_home) == (4711, *3 * [None])


@pytest.mark.parametrize("text", ["", "0", "-3", "no", "{}"])
def test_a_lock_that_says_neither_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        lock_payload(text)


def test_a_lock_of_today_is_read() -> None:
    payload = lock_payload(json.dumps(EXAMPLES["DaemonLockPayload"]))
    assert payload.moon_home == "/h"


def test_the_triggers_are_those_of_the_settings(tmp_path: Any) -> None:
    (tmp_path / "moon.toml").write_text("[watcher]\ncooldown_secs = 5\n[distill]\nmax_chunks = 9\n")
    triggers = load(tmp_path / "moon.toml", {}).settings.distill_triggers()
    assert (triggers.cooldown_secs, triggers.max_chunks, triggers.max_per_cycle) == (5, 9, 1)
    assert json.loads(to_json(triggers)).keys() == EXAMPLES["DistillTriggers"].keys()


def test_the_page_is_what_is_declared() -> None:
    assert (PROJECT_ROOT / "docs" / "contracts.md").read_text("utf-8") == page(), "run `make docs`"
