"""Every fault that is planted is refused by the gate that is there for it, and the mash stays as it was."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from exporting import chatgpt, write
from forget.children import WORDS
from forget.homes import LATER, archive, counted, merged

from mash.runs import content, publish_run, talk
from moonshine_assets.archive.restore import restore_in_place
from moonshine_assets.archive.snapshot import archived_first
from moonshine_assets.errors import Corruption, MoonshineError
from moonshine_assets.gates import Verdict, require
from moonshine_assets.mash.order import merge_order
from moonshine_assets.providers.gates import draft_gates, source_lock
from moonshine_assets.providers.provider_db import produce_database
from moonshine_assets.providers.source import raw_path, read_lock, secure
from moonshine_assets.reports.citations import citations
from moonshine_assets.reports.placeholders import no_placeholder
from moonshine_resources.atomic import read_json, sha256_file, write_json, write_text
from moonshine_resources.duckdb import connect
from moonshine_resources.home import Home, RunPaths

Plant = Callable[[Home, RunPaths], list[Verdict]]


def edited(run: RunPaths, *statements: str) -> None:
    run.database.chmod(0o644)
    with connect(run.database, read_only=False) as connection:
        for statement in statements:
            connection.execute(statement)


def asked(run: RunPaths) -> list[Verdict]:
    """The gates of provider_db on the database as it is."""
    with connect(run.database, read_only=True) as connection:
        return draft_gates(connection, run.provider, run.run_id)


def produced_again(run: RunPaths) -> list[Verdict]:
    lock = read_lock(run)
    gates = draft_gates
    return produce_database(
        run,
        lock,
        raw_path(run, lock),
        WORDS.count_many,
        gates=lambda connection: gates(connection, run.provider, run.run_id),
        generated_at="2026-02-02T12:00:00Z",
    ).verdicts


def wrong_source_hash(home: Home, run: RunPaths) -> list[Verdict]:
    return [source_lock(secure(run), read_lock(run), "f" * 64)]


def another_export_in_the_archive(home: Home, run: RunPaths) -> list[Verdict]:
    raw = raw_path(run, read_lock(run))
    raw.chmod(0o644)
    raw.write_bytes(raw.read_bytes().replace(b"harbour", b"Harbour"))
    return [source_lock(secure(run), read_lock(run))]


def order_violation(home: Home, run: RunPaths) -> list[Verdict]:
    publish_run(home, [talk("q", "Hello", "Hi")], "qwen_20260203_120000")
    facts = publish_run(home, [talk("d", "Hello", "Hi")], "deepseek_20260203_120000")
    return [merge_order(home, facts, ("qwen", "deepseek"))]


def contaminated_source_type(home: Home, run: RunPaths) -> list[Verdict]:
    edited(run, "UPDATE store.conversations SET source_type = 'web_crawl' WHERE raw_index = 0")
    return asked(run)


def missing_provider_tag(home: Home, run: RunPaths) -> list[Verdict]:
    edited(run, "UPDATE store.messages SET provider = '' WHERE position = 0")
    return asked(run)


def placeholder_checksum(home: Home, run: RunPaths) -> list[Verdict]:
    write_json(run.provenance, {**read_json(run.provenance), "database_sha256": "0" * 64})
    return [no_placeholder({run.provenance.name: read_json(run.provenance)})]


def edited_provider_db(home: Home, run: RunPaths) -> list[Verdict]:
    edited(run, "UPDATE store.messages SET status = 'edited' WHERE position = 0")
    return [archived_first(home, run.run_id)]


def edited_provider_db_built_again(home: Home, run: RunPaths) -> list[Verdict]:
    edited(run, "UPDATE store.messages SET status = 'edited' WHERE position = 0")
    return produced_again(run)


def edited_provider_db_without_its_manifest(home: Home, run: RunPaths) -> list[Verdict]:
    """An edit that balances, so that no gate of the database's own can see it."""
    edited(run, "UPDATE store.messages SET status = 'edited' WHERE position = 0")
    run.provenance.unlink()
    return produced_again(run)


def corrupt_snapshot(home: Home, run: RunPaths) -> list[Verdict]:
    _flip_a_byte(home.premerge_snapshot(run.run_id))
    return [archived_first(home, run.run_id)]


def corrupt_snapshot_restored(home: Home, run: RunPaths) -> list[Verdict]:
    _flip_a_byte(home.premerge_snapshot(run.run_id))
    restore_in_place(home, run.run_id, LATER)
    return []


def uncited_total(home: Home, run: RunPaths) -> list[Verdict]:
    return [_reported(home, "The run holds 5,120 tokens.")]


def changed_total(home: Home, run: RunPaths) -> list[Verdict]:
    return [_reported(home, "The run holds 5,121 [token_ledger.json#raw_json_tokens] tokens.")]


def _flip_a_byte(path: Path) -> None:
    path.chmod(0o644)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def _reported(home: Home, line: str) -> Verdict:
    write_json(home.token_ledger, {"raw_json_tokens": 5_120})
    listed = [{"path": "reports/token_ledger.json", "sha256": sha256_file(home.token_ledger)}]
    write_json(home.authority_manifest, {"authoritative": listed})
    write_text(home.corpus_report, line)
    return citations(home)


class Refusal(NamedTuple):
    """Who refuses: a gate by name, or an error that says what."""

    gate: str = ""
    error: type[MoonshineError] | None = None
    says: str = ""


FAULTS: dict[Plant, Refusal] = {
    wrong_source_hash: Refusal("source_lock"),
    another_export_in_the_archive: Refusal(error=Corruption, says="the archived export has SHA-256"),
    order_violation: Refusal("merge_order"),
    contaminated_source_type: Refusal("no_contamination"),
    missing_provider_tag: Refusal("provider_coverage"),
    placeholder_checksum: Refusal("no_placeholder"),
    edited_provider_db: Refusal("archived_first"),
    edited_provider_db_built_again: Refusal(error=Corruption, says="its manifest says"),
    edited_provider_db_without_its_manifest: Refusal(error=Corruption, says="the manifest of its archive says"),
    corrupt_snapshot: Refusal("archived_first"),
    corrupt_snapshot_restored: Refusal(error=Corruption, says="does not have the SHA-256 of its manifest"),
    uncited_total: Refusal("citations"),
    changed_total: Refusal("citations"),
}


@pytest.fixture(scope="module")
def two_runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """One run merged, a second one archived and about to be merged."""
    base = tmp_path_factory.mktemp("two-runs")
    home = Home.at(base / "home")
    said = ("Which harbour?", "The one with the lantern.")
    merged(home, write(base / "first.json", [chatgpt("one-11111111", said)]), WORDS)
    run = counted(home, write(base / "second.json", [chatgpt("two-22222222", said)]), WORDS, LATER)
    archive(home, run, LATER)
    return home.root, run.run_id


@pytest.mark.parametrize("plant", FAULTS, ids=lambda plant: plant.__name__)
def test_a_planted_fault_is_refused_and_the_mash_stays_as_it_was(
    plant: Plant, two_runs: tuple[Path, str], home: Home
) -> None:
    root, run_id = two_runs
    shutil.copytree(root, home.root)
    run, expected = home.run(run_id), FAULTS[plant]
    assert archived_first(home, run_id).passed, "before the fault all is well"
    before = content(home.mash), sha256_file(home.mash)
    if expected.error is not None:
        with pytest.raises(expected.error, match=expected.says):
            require(plant(home, run), where=run_id)
    else:
        refused = {verdict.gate for verdict in plant(home, run) if not verdict.passed}
        assert expected.gate in refused
        assert refused <= {expected.gate, "schema"}, "no other gate is in the way of the right one"
    assert (content(home.mash), sha256_file(home.mash)) == before
