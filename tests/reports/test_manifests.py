"""The manifests say what was made, and name the only files whose totals may be quoted."""

from __future__ import annotations

import pytest

from moonshine_assets.distill.policy import load
from moonshine_assets.errors import Corruption, GateFailed
from moonshine_assets.lanes.build import LANES
from moonshine_assets.ledger.record import COUNTERS
from moonshine_assets.mash.state import mash_state
from moonshine_assets.reports.corpus_report import corpus_report
from moonshine_assets.reports.manifests import authority_manifest, distillation_manifest, manifest_documents
from moonshine_assets.reports.placeholders import no_placeholder
from moonshine_assets.reports.quotable import field_of
from moonshine_assets.reports.validation import validation_manifest
from moonshine_assets.reports.visuals import draw_visuals
from moonshine_resources.atomic import read_json, sha256_file, write_json, write_text
from reports.state import CHATGPT, CLAUDE, DISTILLATION, LATER, NOW, State


def test_the_distillation_manifest_cites_the_ledger_and_books_every_lane(made: State) -> None:
    made.manifests()
    manifest = read_json(made.home.distillation_manifest)
    assert (manifest["run_id"], manifest["policy_version"]) == (DISTILLATION, made.policy.version)
    assert manifest["mash_state"] == mash_state(made.connection)
    for name in COUNTERS:
        file, _, pointer = manifest["counters"][name]["cites"].partition("#")
        assert field_of(read_json(made.home.root / file), pointer) == manifest["counters"][name]["value"]
    assert list(manifest["lanes"]) == list(LANES)
    for lane in manifest["lanes"].values():
        assert lane["candidates"] == lane["rows"] + sum(lane["dropped"].values())
        for file in lane["files"]:
            assert sha256_file(made.home.root / lane["folder"] / file["path"]) == file["sha256"]


def test_the_band_is_the_policys_verdict(made: State) -> None:
    seed = load("seed")
    write_json(made.home.token_ledger, {**read_json(made.home.token_ledger), "policy_version": seed.version})
    for lane in LANES:
        path = made.home.lane(lane, DISTILLATION) / "manifest.json"
        write_json(path, {**read_json(path), "policy_version": seed.version})
    manifest = distillation_manifest(
        made.home, policy=seed, run_id=DISTILLATION, mash_state=mash_state(made.connection), generated_at=NOW
    )
    assert (manifest["band"]["applied"], manifest["band"]["passed"]) == (True, False)
    assert (manifest["band"]["low"], manifest["band"]["high"]) == (90_000_000, 110_000_000)


@pytest.mark.parametrize("field", ["run_id", "policy_version", "source_sha256"])
def test_a_ledger_of_something_else_is_refused(made: State, field: str) -> None:
    write_json(made.home.token_ledger, {**read_json(made.home.token_ledger), field: "other"})
    with pytest.raises(GateFailed, match=field):
        made.manifests()
    assert not made.home.distillation_manifest.exists()


def test_a_lane_file_that_changed_is_refused(made: State) -> None:
    path = made.home.lane("conversational", DISTILLATION) / "jsonl" / "train.jsonl"
    path.write_bytes(path.read_bytes() + b"\n")
    with pytest.raises(Corruption, match=r"train\.jsonl"):
        made.manifests()


def test_a_lane_that_is_missing_is_refused(made: State) -> None:
    (made.home.lane("dpo", DISTILLATION) / "manifest.json").unlink()
    with pytest.raises(GateFailed, match="dpo"):
        made.manifests()


def test_the_authority_manifest_names_exactly_the_quotable_files_with_their_hashes(made: State) -> None:
    made.manifests()
    home = made.home
    listed = {entry["path"]: entry["sha256"] for entry in read_json(home.authority_manifest)["authoritative"]}
    expected = [
        home.token_ledger,
        home.main_ledger,
        home.reconciliation,
        home.merge_manifest,
        home.distillation_manifest,
        home.run(CHATGPT).ledger,
        home.run(CLAUDE).ledger,
    ]
    assert listed == {path.relative_to(home.root).as_posix(): sha256_file(path) for path in expected}


def test_files_that_look_like_reports_are_listed_as_not_authoritative(made: State) -> None:
    home = made.home
    stray = home.run("chatgpt_20250101_000000").ledger
    for path in (home.reports / "token_ledger_2024.csv", home.main / "Final Report.md", stray):
        write_text(path, "1")
    for path in (home.main / ".token_ledger.json.tmp", home.main / "notes.txt", home.corpus_report):
        write_text(path, "1")
    made.manifests()
    others = {entry["path"]: entry["reason"] for entry in read_json(home.authority_manifest)["not_authoritative"]}
    assert others == {
        "reports/main/Final Report.md": "not written for the present state",
        "reports/token_ledger_2024.csv": "not written for the present state",
        stray.relative_to(home.root).as_posix(): "ledger of a run that is not in the mash",
    }


def test_the_reports_own_files_are_no_strangers_to_the_next_run(made: State) -> None:
    made.manifests()
    before = made.home.authority_manifest.read_bytes()
    draw_visuals(made.connection, made.home)
    corpus_report(made.connection, made.home, NOW)
    validation_manifest(made.home, {}, NOW)
    write_text(made.home.handoff / "ledger_complete.json", "{}")
    made.manifests(LATER)
    assert made.home.authority_manifest.read_bytes() == before


def test_two_main_ledgers_that_differ_are_refused(made: State) -> None:
    made.manifests()
    write_json(made.home.main_ledger, {**read_json(made.home.main_ledger), COUNTERS[0]: 1})
    with pytest.raises(GateFailed, match="differs"):
        authority_manifest(made.home, NOW)


def test_a_run_ledger_that_is_missing_is_refused(made: State) -> None:
    made.manifests()
    made.home.run(CLAUDE).ledger.unlink()
    with pytest.raises(GateFailed, match=CLAUDE):
        authority_manifest(made.home, NOW)


def test_making_them_again_changes_no_byte(made: State) -> None:
    made.manifests()
    files = [made.home.distillation_manifest, made.home.authority_manifest]
    before = [path.read_bytes() for path in files]
    made.manifests(LATER)
    assert [path.read_bytes() for path in files] == before


def test_every_manifest_of_the_state_passes_no_placeholder_until_one_field_is_made_up(made: State) -> None:
    made.manifests()
    documents = manifest_documents(made.home)
    assert {made.home.lane(lane, DISTILLATION).name for lane in LANES} == {DISTILLATION}
    assert f"reports/distillations/dpo/{DISTILLATION}/manifest.json" in documents
    assert made.home.run(CHATGPT).provenance.relative_to(made.home.root).as_posix() in documents
    verdict = no_placeholder(documents)
    assert verdict.passed, verdict.offenders
    provenance = made.home.run(CLAUDE).provenance
    write_json(provenance, {**read_json(provenance), "database_sha256": "0" * 64})
    verdict = no_placeholder(manifest_documents(made.home))
    assert [offender["path"] for offender in verdict.offenders] == ["$.database_sha256"]
