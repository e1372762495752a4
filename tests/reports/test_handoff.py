"""Packets: each decision of a stage leaves one, the same again changes nothing, and every one fits the schema."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from mash.runs import FIRST, SECOND, account, archive, merge, publish_run
from pydantic import ValidationError

from moonshine_assets.dagster_checks import check_result, check_specs, reporting
from moonshine_assets.errors import BadInput, Busy, Corruption, GateFailed, MoonshineError, StorageFull, UndefinedPolicy
from moonshine_assets.gates import broken, held
from moonshine_assets.providers.family import provider_family, runs_of
from moonshine_assets.reports.handoff import KEPT, Answer, Stage, handed_on, packet_path
from moonshine_assets.reports.packets import parsed, schema
from moonshine_resources.atomic import read_json, sha256_file
from moonshine_resources.home import PROJECT_ROOT, Home
from moonshine_resources.resources import HomeResource, MashDatabase

STAMP = "2026-11-20T12:00:00Z"
LATER = "2026-11-21T12:00:00Z"
STAGE = Stage("chatgpt/provider_db", FIRST)
GOOD = Answer(held("schema", "5 rows hold"), blocking=True)
BAD = Answer(broken("schema", "1 row does not", [{"table": "messages", "message_id": "m1", "rows": 1}]), blocking=True)
WARNS = Answer(broken("format_radar", "1 key is new", [{"key": "x"}]), blocking=False)


def packets(home: Home) -> dict[str, dict[str, object]]:
    """Every packet by its path below the folder; all of them valid."""
    found = {}
    for path in sorted(home.handoff.rglob("*.json")):
        parsed(path.read_bytes())
        found[str(path.relative_to(home.handoff))] = read_json(path)
    return found


def test_the_published_schema_is_that_of_the_models() -> None:
    published = json.loads((PROJECT_ROOT / "docs" / "HANDOFF_SCHEMA.json").read_text("utf-8"))
    assert published == schema(), "run `make docs`"
    assert set(published["$defs"]) >= {"Forward", "RevisionRequest", "Escalation"}


def test_an_accepted_stage_forwards(home: Home) -> None:
    path = handed_on(home, STAGE, [GOOD, WARNS], generated_at=STAMP, data_version="abc")
    assert path.name == f"chatgpt.provider_db.{FIRST}.json"
    packet = read_json(path)
    assert (packet["decision"], packet["data_version"]) == ("forward", "abc")
    assert [(check["gate"], check["passed"], check["blocking"]) for check in packet["checks"]] == [
        ("schema", True, True),
        ("format_radar", False, False),
    ]


def test_a_refused_stage_says_what_where_what_to_do_and_the_ids(home: Home) -> None:
    (request,) = read_json(handed_on(home, STAGE, [BAD, WARNS], generated_at=STAMP))["requests"]
    assert (request["gate"], request["what"], request["where"]) == (
        "schema",
        "1 row does not",
        f"chatgpt/provider_db {FIRST}",
    )
    assert request["what_to_do"]
    assert request["offending"] == [{"table": "messages", "message_id": "m1", "rows": 1}]


def test_the_same_decision_again_changes_no_byte(home: Home) -> None:
    path = handed_on(home, STAGE, [BAD], generated_at=STAMP)
    before = (path.read_bytes(), path.stat().st_ino, path.stat().st_mtime_ns)
    handed_on(home, STAGE, [BAD], generated_at=LATER)
    assert (path.read_bytes(), path.stat().st_ino, path.stat().st_mtime_ns) == before
    assert list(packets(home)) == [path.name]


def test_another_decision_takes_its_place_and_the_earlier_one_is_history(home: Home) -> None:
    handed_on(home, STAGE, [BAD], generated_at=STAMP)
    handed_on(home, STAGE, [GOOD], generated_at=LATER)
    handed_on(home, STAGE, [BAD], generated_at=LATER)
    found = packets(home)
    assert [packet["decision"] for packet in found.values()] == ["revision_request", "revision_request", "forward"]
    assert list(found)[1:] == [
        f"history/chatgpt.provider_db.{FIRST}.20261120T120000Z.json",
        f"history/chatgpt.provider_db.{FIRST}.20261121T120000Z.json",
    ]


def test_history_is_bounded(home: Home) -> None:
    for number in range(KEPT + 5):
        handed_on(home, STAGE, [GOOD], data_version=str(number), generated_at=f"2026-11-20T12:00:{number:02d}Z")
    assert len(list((home.handoff / "history").iterdir())) == KEPT


def test_a_gate_that_holds_by_other_counts_is_the_same_decision(home: Home) -> None:
    path = handed_on(home, STAGE, [Answer(held("schema", "5 rows hold"), blocking=True)], generated_at=STAMP)
    before = path.read_bytes()
    handed_on(home, STAGE, [Answer(held("schema", "6 rows hold"), blocking=True)], generated_at=STAMP)
    assert path.read_bytes() == before


def test_a_damaged_packet_is_written_anew(home: Home) -> None:
    path = handed_on(home, STAGE, [GOOD], generated_at=STAMP)
    whole = path.read_bytes()
    path.write_bytes(whole[:-20])
    handed_on(home, STAGE, [GOOD], generated_at=STAMP)
    assert path.read_bytes() == whole


@pytest.mark.parametrize(
    "change",
    [
        {"decision": "maybe"},
        {"version": 2},
        {"stage": ""},
        {"run_id": "../../x"},
        {"generated_at": "yesterday"},
        {"requests": []},
        {"text": "what a message says"},
    ],
)
def test_what_does_not_fit_the_schema_is_no_packet(home: Home, change: dict[str, object]) -> None:
    packet = read_json(handed_on(home, STAGE, [BAD], generated_at=STAMP))
    with pytest.raises(ValidationError):
        parsed(json.dumps({**packet, **change}).encode())


def materialized(home: Home, *outcome: object) -> dict[str, object]:
    """The packet of an asset that yields check results and results, or raises, as told."""
    key = dg.AssetKey(["lanes", "dpo"])

    @dg.asset(key=key, output_required=False, check_specs=check_specs(key, [("schema", "rows hold")]))
    @reporting
    def stage(home: HomeResource) -> Iterator[dg.AssetCheckResult | dg.MaterializeResult]:
        for event in outcome:
            if isinstance(event, Exception):
                raise event
            yield event

    dg.materialize([stage], resources={"home": HomeResource(root=str(home.root))}, raise_on_error=False)
    return packets(home).get("lanes.dpo.json", {})


def test_an_asset_that_materializes_forwards(home: Home) -> None:
    packet = materialized(home, check_result(GOOD.verdict), dg.MaterializeResult(data_version=dg.DataVersion("v1")))
    assert (packet["decision"], packet["stage"], packet["run_id"]) == ("forward", "lanes/dpo", None)
    assert packet["data_version"] == "v1"


def test_an_asset_with_a_red_gate_asks_for_a_revision(home: Home) -> None:
    packet = materialized(home, check_result(BAD.verdict))
    assert packet["decision"] == "revision_request"


@pytest.mark.parametrize(
    ("error", "decision", "kind"),
    [
        (BadInput("no text at all", where="x.zip", fix="export again"), "revision_request", None),
        (GateFailed("its hash differs", where="x"), "revision_request", None),
        (Corruption("not what was written", where="x.db", fix="restore it"), "escalation", "corruption"),
        (UndefinedPolicy("there is no policy 'x'", fix="seed"), "escalation", "undefined_policy"),
    ],
)
def test_an_asset_that_ends_with_an_error_says_so(
    home: Home, error: MoonshineError, decision: str, kind: str | None
) -> None:
    packet = materialized(home, error)
    assert (packet["decision"], packet.get("kind")) == (decision, kind)
    assert error.what in json.dumps(packet)


@pytest.mark.parametrize("error", [Busy("held"), StorageFull("no space"), ValueError("not ours")])
def test_an_asset_that_could_not_decide_leaves_no_packet(home: Home, error: Exception) -> None:
    assert materialized(home, error) == {}


@pytest.fixture
def refused(home: Home) -> Home:
    """A second run about to be merged, while the first one's database is damaged wherever it is."""
    first = publish_run(home, account(2), FIRST)
    archive(home, first)
    merge(home, first)
    archive(home, publish_run(home, account(2, updated=1), SECOND))
    run = home.run(FIRST)
    for copy in (run.database, run.archive / run.database.name):
        copy.chmod(0o644)
        copy.write_bytes(copy.read_bytes()[:-1])
    return home


def test_a_damaged_archive_stops_the_merge_by_its_gate_and_asks_for_a_revision(refused: Home) -> None:
    before = sha256_file(refused.mash)
    place = HomeResource(root=str(refused.root))
    merging = provider_family("chatgpt")[-1]
    with dg.instance_for_test() as instance:
        instance.add_dynamic_partitions(str(runs_of("chatgpt").name), [SECOND])
        result = dg.materialize(
            [merging],
            resources={"home": place, "mash_database": MashDatabase(home=place)},
            instance=instance,
            partition_key=SECOND,
            raise_on_error=False,
        )
    assert not result.success
    assert sha256_file(refused.mash) == before
    path: Path = packet_path(refused, Stage("chatgpt/mash_merge", SECOND))
    packet = read_json(path)
    assert packet["decision"] == "revision_request"
    assert [(request["gate"], request["offending"]) for request in packet["requests"]] == [
        (
            "archived_first",
            [
                {
                    "file": refused.run(FIRST).database.name,
                    "problem": "archived, but not as the mash took it",
                    "run_id": FIRST,
                }
            ],
        )
    ]


def test_the_example_on_the_page_is_a_packet() -> None:
    page = (PROJECT_ROOT / "docs" / "handoff.md").read_text("utf-8")
    parsed(page.split("```json")[1].split("```")[0].encode())
