"""`moonshine ui`: a file dropped into the inbox goes through the graph by itself; the UI shows it, on loopback only."""

from __future__ import annotations

import pytest
from serving import Server
from terminal import SAMPLES

from moonshine_assets.exports.adapters import BY_PROVIDER
from moonshine_resources.atomic import sha256_file

FAMILY = ("provider_export", "provider_db", "token_ledger", "archive_snapshot", "mash_merge")


@pytest.fixture(scope="module")
def run_id(server: Server) -> str:
    """The run the dropped sample became, once it is merged and the mash distilled."""
    (run,) = server.finished("claude_run")
    (distilled,) = server.finished("distil")
    assert (run["status"], distilled["status"]) == ("SUCCESS", "SUCCESS")
    return next(tag["value"] for tag in run["tags"] if tag["key"] == "dagster/partition")


def test_the_dropped_file_is_one_merged_run(server: Server, run_id: str) -> None:
    assets = server.assets()
    for name in FAMILY:
        statuses = assets[f"claude/{name}"]["assetPartitionStatuses"]
        assert (name, statuses["materializedPartitions"], statuses["failedPartitions"]) == (name, [run_id], [])
    assert (server.home.inbox / "claude-export.zip").exists()
    assert server.home.run(run_id).raw.joinpath(f"{sha256_file(SAMPLES / 'claude-export.zip')}.zip").exists()


def test_everything_behind_the_mash_is_materialized(server: Server, run_id: str) -> None:
    unpartitioned = {name: node for name, node in server.assets().items() if not node["isPartitioned"]}
    assert [name for name, node in unpartitioned.items() if not node["assetMaterializations"]] == []
    assert server.home.corpus_report.exists()
    assert list(server.home.distillations.glob("*/*/jsonl/*.jsonl"))


def test_the_stages_are_groups(server: Server, run_id: str) -> None:
    groups = {node["groupName"] for node in server.assets().values()}
    assert groups == {*BY_PROVIDER, "mash", "distill", "ledger", "lanes", "reports", "sessions"}


def test_every_check_of_what_was_made_is_green(server: Server, run_id: str) -> None:
    found = {}
    for name, node in server.assets().items():
        if node["assetMaterializations"]:
            for check in node["assetChecksOrError"]["checks"]:
                # The drill has a schedule of its own.
                if check["name"] != "restore_drill":
                    found[name, check["name"]] = check["executionForLatestMaterialization"]
    assert len(found) >= 15
    assert [key for key, done in found.items() if not done or not done["evaluation"]["success"]] == []


def test_only_loopback_listens(server: Server, run_id: str) -> None:
    addresses = server.listening()
    assert {address.split(":")[0] for address in addresses} == {"0100007F"}
    assert f"0100007F:{server.port:04X}" in addresses


def test_sensors_and_schedules_run_without_being_switched_on(server: Server, run_id: str) -> None:
    found = server.ask(
        "{ instigationStatesOrError: repositoriesOrError { ... on RepositoryConnection { nodes {"
        " sensors { name sensorState { status } } schedules { name scheduleState { status } } } } } }"
    )["instigationStatesOrError"]["nodes"]
    states = {item["name"]: item["sensorState"]["status"] for node in found for item in node["sensors"]}
    states |= {item["name"]: item["scheduleState"]["status"] for node in found for item in node["schedules"]}
    assert states == dict.fromkeys(
        (
            "new_exports",
            "mash_changed",
            "session_usage",
            "nightly_distillation",
            "nightly_housekeeping",
            "nightly_restore_drill",
        ),
        "RUNNING",
    )


def test_the_start_is_told_in_one_line_without_warnings(server: Server, run_id: str) -> None:
    lines = server.log.read_text().splitlines()
    assert lines[0].startswith(f"Moonshine UI on {server.address} ")
    assert [line for line in lines if "superseded" in line or "dagster.yaml" in line] == []
