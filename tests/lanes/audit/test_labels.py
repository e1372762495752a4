"""Labels are never lost, never mixed up, and stay with the row they are about."""

from __future__ import annotations

import multiprocessing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from lanes.published_lanes import ROWS, agentic_code, dpo, kto
from moonshine_assets.errors import Corruption
from moonshine_assets.lanes.audit.labels import Label, Verdict, append, read, row_key, standing


def label(row: str = "r", verdict: Verdict = "right", labeller: str = "ann", **more: Any) -> Label:
    given: dict[str, Any] = {
        "record_uid": "uid",
        "row": row,
        "lane": "dpo",
        "signal": "regen_continued",
        "signal_version": "1",
        "policy_version": "default-0123456789ab",
        "run_id": "main_20260131_130000",
        "verdict": verdict,
        "labeller": labeller,
        "labelled_at": "2026-01-31T13:00:00+00:00",
        "seed": 1,
        "sample_rows": 3,
        **more,
    }
    return Label(**given)


def _append_many(path: Path, labeller: str) -> None:
    for number in range(25):
        append(path, label(row=str(number), labeller=labeller))


def test_labels_of_processes_at_once_are_all_kept_whole(tmp_path: Path) -> None:
    path = tmp_path / "audit" / "labels.jsonl"
    context = multiprocessing.get_context("fork")
    people = [context.Process(target=_append_many, args=(path, name)) for name in ("ann", "ben")]
    for person in people:
        person.start()
    for person in people:
        person.join()
    assert sorted((one.labeller, int(one.row)) for one in read(path)) == [
        (name, number) for name in ("ann", "ben") for number in range(25)
    ]


def test_a_line_cut_off_by_a_crash_costs_no_other(tmp_path: Path) -> None:
    path = tmp_path / "labels.jsonl"
    append(path, label(row="1"))
    with path.open("ab") as stream:
        stream.write(msgspec.json.encode(label(row="2"))[:40])
    assert [one.row for one in read(path)] == ["1"]
    append(path, label(row="3"))
    assert [one.row for one in read(path)] == ["1", "3"]


def test_a_line_that_is_no_label_is_told(tmp_path: Path) -> None:
    path = tmp_path / "labels.jsonl"
    append(path, label())
    path.write_bytes(path.read_bytes().replace(b'"right"', b'"rihgt"') + msgspec.json.encode(label()) + b"\n")
    with pytest.raises(Corruption, match="line 1"):
        read(path)


def test_the_last_word_counts_and_what_is_taken_back_does_not() -> None:
    said = [label(verdict="right"), label(verdict="wrong"), label("x"), label("x", "undo"), label(labeller="ben")]
    assert {key: one.verdict for key, one in standing(said).items()} == {("r", "ann"): "wrong", ("r", "ben"): "right"}


@pytest.mark.parametrize("lane", ROWS)
def test_a_row_is_known_again_in_another_distillation_policy_and_export(lane: str) -> None:
    row = ROWS[lane]("one")
    again = {**row, "run_id": "r2", "policy_version": "p2", "provider_run_id": "chatgpt_2", "record_uid": "other"}
    assert row_key(row, lane) == row_key(again, lane)
    assert row_key(row, lane) != row_key({**row, "node_ids": row["node_ids"][::-1]}, lane)
    assert row_key(row, lane) != row_key({**row, "provider": "claude"}, lane)


def test_a_row_that_claims_something_else_is_another() -> None:
    assert row_key(kto("a", label=True), "kto") != row_key({**kto("a", label=True), "label": False}, "kto")
    assert row_key(agentic_code(), "agentic_code") != row_key({**agentic_code(), "outcome": "F_fail"}, "agentic_code")
    assert row_key(dpo(), "dpo") != row_key(dpo(), "kto")
