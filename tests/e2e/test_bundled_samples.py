"""The bundled samples through the whole graph: nothing missing, every count as the stories were written."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from typing import Any

import duckdb
import polars as pl
import pytest
import tiktoken
from intake import query
from terminal import BUNDLED, SAMPLES, Ran

from moonshine_assets.exports.container import opened
from moonshine_assets.lanes.build import LANES
from moonshine_assets.lanes.write import read_rows
from moonshine_assets.ledger.record import COUNTERS
from moonshine_resources.atomic import read_json
from moonshine_resources.duckdb import connect
from moonshine_resources.home import Home, RunPaths

EXPECTED: dict[str, dict[str, Any]] = json.loads((SAMPLES / "EXPECTED.json").read_text("utf-8"))
RECEIPT_SUMS = """
SELECT sum(conversations_in), sum(conversations_written), sum(conversations_empty), sum(conversations_duplicate),
       sum(conversations_quarantined), sum(nodes_in), sum(nodes_visible), sum(nodes_hidden), sum(nodes_quarantined),
       sum(nodes_structural) + sum(nodes_duplicate)
FROM store.receipts
"""


def run_of(home: Home, name: str) -> RunPaths:
    """The run that took in the export of this name."""
    locks = (read_json(path) for path in home.provider_reports.glob("*/*/source_lock.json"))
    return home.run(next(lock["run_id"] for lock in locks if lock["source_path"] == name))


@pytest.fixture(scope="module")
def mash(ran_home: Ran) -> Iterator[duckdb.DuckDBPyConnection]:
    with connect(ran_home.home.mash, read_only=True) as connection:
        yield connection


def test_all_gates_hold(ran_home: Ran) -> None:
    assert ran_home.said.errors == []
    assert ran_home.said.code == 0


def test_nothing_but_lines_of_ours_is_on_standard_error(ran_home: Ran) -> None:
    assert ran_home.said.err == ""


def test_the_summary_names_runs_ledger_lanes_and_files(ran_home: Ran) -> None:
    out = ran_home.said.out
    ledger = read_json(ran_home.home.token_ledger)
    for name in BUNDLED:
        assert f"{run_of(ran_home.home, name).run_id}: merged" in out
    for name in (*COUNTERS, *LANES, str(ran_home.home.mash), f"{ledger['content_tokens_non_system']:,}"):
        assert name in out


def test_the_mash_holds_the_written_and_empty_conversations(mash: duckdb.DuckDBPyConnection) -> None:
    expected = sum(counts["written"] + counts["empty"] for counts in EXPECTED.values())
    messages = sum(counts["messages"] for counts in EXPECTED.values())
    assert mash.execute("SELECT count(*) FROM conversations").fetchone() == (expected,)
    assert mash.execute("SELECT count(*) FROM messages").fetchone() == (messages,)


@pytest.mark.parametrize("name", BUNDLED)
def test_the_receipt_is_what_the_stories_say(ran_home: Ran, name: str) -> None:
    counts = EXPECTED[name]
    assert query(run_of(ran_home.home, name).database, RECEIPT_SUMS) == [
        (
            counts["conversations"],
            counts["written"],
            counts["empty"],
            counts["duplicate"],
            counts["quarantined"],
            counts["nodes_in_array"],
            counts["visible"],
            counts["hidden"],
            0,
            counts["nodes_in_array"] - counts["messages"],
        )
    ]


@pytest.mark.parametrize("name", BUNDLED)
def test_each_conversation_is_what_its_story_says(ran_home: Ran, name: str) -> None:
    found = query(
        run_of(ran_home.home, name).database,
        """
        SELECT conversation_id, any_value(message_count), any_value(visible_count), any_value(branch_points),
               count(*) FILTER (kind = 'tool_call'), count(*) FILTER (kind = 'tool_result'),
               count(*) FILTER (kind = 'artifact')
        FROM store.conversations LEFT JOIN store.blocks USING (conversation_id)
        WHERE message_count > 0 GROUP BY conversation_id
        """,
    )
    names = ("messages", "visible", "branch_points", "tool_calls", "tool_results", "artifacts")
    assert {row[0]: row[1:] for row in found} == {
        conversation: tuple(counts[key] for key in names)
        for conversation, counts in EXPECTED[name]["by_conversation"].items()
    }


def test_preference_pairs_are_those_of_the_stories_but_for_tools_and_files(ran_home: Ran) -> None:
    found = {
        (row["conversation_id"], *row["node_ids"][-2:])
        for row in lane_rows(ran_home.home, "dpo")
        if row["tier"] == "core"
    }
    pairs = {
        tuple(pair) for counts in EXPECTED.values() for pair in counts["d2_pairs"] + counts["d2_pairs_steps_between"]
    }
    (manifest,) = (ran_home.home.distillations / "dpo").glob("*/manifest.json")
    dropped = read_json(manifest)["dropped"]
    assert found <= pairs
    assert len(pairs - found) == sum(
        dropped[reason] for reason in ("tool_calls", "prompt_tool_calls", "prompt_not_text_only")
    )


def lane_rows(home: Home, lane: str) -> list[dict[str, Any]]:
    (folder,) = (home.distillations / lane).iterdir()
    return [*read_rows(folder, tier=None)]


@pytest.mark.parametrize("lane", LANES)
def test_each_lane_has_rows_in_both_forms(ran_home: Ran, lane: str) -> None:
    (folder,) = (ran_home.home.distillations / lane).iterdir()
    rows = lane_rows(ran_home.home, lane)
    parquet = [pl.read_parquet(file).height for file in (folder / "parquet").rglob("*.parquet")]
    assert rows
    assert sum(parquet) == len(rows) == read_json(folder / "manifest.json")["rows"]
    assert lane in (folder / "README.md").read_text("utf-8")


def test_the_promised_files_exist(ran_home: Ran) -> None:
    home = ran_home.home
    promised = [
        home.token_ledger,
        home.main_ledger,
        home.reconciliation,
        home.merge_manifest,
        home.authority_manifest,
        home.distillation_manifest,
        home.corpus_report,
        home.validation_manifest,
        home.validation_report,
    ]
    for name in BUNDLED:
        run = run_of(home, name)
        promised += [run.database, run.ledger, run.provenance, run.lock, run.archive_manifest]
        promised.append(home.premerge_snapshot(run.run_id))
    assert [path for path in promised if not path.is_file() or not path.stat().st_size] == []
    assert list(home.visuals.glob("*.png"))
    assert all(gate["passed"] for gate in read_json(home.validation_manifest)["gates"])


def test_published_databases_are_read_only_files(ran_home: Ran) -> None:
    modes = {run_of(ran_home.home, name).database.stat().st_mode & 0o222 for name in BUNDLED}
    assert modes == {0}


def test_the_given_exports_are_as_they_were(ran_home: Ran) -> None:
    for name in BUNDLED:
        assert (ran_home.exports / name).read_bytes() == (SAMPLES / name).read_bytes()


def test_the_ledger_is_a_plain_recount(
    ran_home: Ran, mash: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everything again by tiktoken alone: raw members whole, content and later counters from the texts themselves."""
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(ran_home.home.vocabulary_cache))
    encoding = tiktoken.get_encoding("o200k_base")
    raw = 0
    for name in BUNDLED:
        lock = read_json(run_of(ran_home.home, name).lock)
        with opened(ran_home.exports / name) as container:
            for member in lock["members"]:
                raw += len(encoding.encode_ordinary(container.read(member).decode("utf-8")))
    said = mash.execute("SELECT text FROM messages WHERE role <> 'system'").fetchall()
    content = sum(len(encoding.encode_ordinary(text)) for (text,) in said if text)
    cleaned = sum(len(encoding.encode_ordinary(text)) for text in {text for (text,) in said if text})
    selected = mash.execute(
        "SELECT DISTINCT text FROM store.distilled_messages JOIN store.texts USING (content_sha256)"
    ).fetchall()
    distilled = sum(len(encoding.encode_ordinary(text)) for (text,) in selected)
    ledger = read_json(ran_home.home.token_ledger)
    assert {name: ledger[name] for name in COUNTERS} == dict(
        zip(COUNTERS, (raw, content, cleaned, distilled), strict=True)
    )


def test_the_waterfall_explains_every_token(ran_home: Ran) -> None:
    ledger = read_json(ran_home.home.token_ledger)
    for left, right in itertools.pairwise(COUNTERS):
        reasons = [step["tokens"] for step in ledger["waterfall"] if step["from_counter"] == left]
        assert min(reasons) >= 0
        assert ledger[left] - ledger[right] == sum(reasons)
