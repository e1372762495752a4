"""The definitions load, and hold exactly these assets, checks, jobs, sensors and schedules."""

from __future__ import annotations

import dagster as dg
import pytest

from moonshine_assets.definitions import defs
from moonshine_resources.home import PROJECT_ROOT

FAMILY_CHECKS = {
    "provider_export": ["source_lock"],
    "provider_db": [
        "format_radar",
        "no_contamination",
        "nothing_forgotten",
        "provider_coverage",
        "receipt_balances",
        "schema",
    ],
    "token_ledger": ["ledger_complete"],
    "archive_snapshot": ["archived_first"],
    "mash_merge": [
        "archived_first",
        "mash_integrity",
        "mash_schema",
        "merge_idempotent",
        "merge_order",
        "provider_coverage",
    ],
}
SHARED_CHECKS = {
    "mash": [
        "agent_logs_kept",
        "mash_integrity",
        "mash_schema",
        "nothing_forgotten",
        "provider_coverage",
        "restore_drill",
    ],
    "clean": [],
    "distilled_slice": ["no_contamination", "query_contracts", "schema", "token_band"],
    "main_ledger": ["ledger_complete", "reconciliation"],
    "lanes/conversational": ["pii", "secrets", "trainer_lint"],
    "lanes/dpo": ["pii", "secrets", "trainer_lint"],
    "lanes/kto": ["pii", "secrets", "trainer_lint"],
    "lanes/grpo": ["pii", "secrets", "trainer_lint"],
    "lanes/agentic_code": ["pii", "secrets", "trainer_lint"],
    "lanes/mix": ["mix_balance"],
    "manifests": ["no_placeholder"],
    "status": ["citations"],
    "session_archive": ["archive_verified"],
    "session_index": ["index_finds_it"],
    "session_prune": ["tokens_fell"],
    "session_distillation": ["statements_cited"],
    "continuity": ["is_handed_on"],
    "visuals": [],
    "report_page": [],
    "corpus_report": ["citations"],
    "validation": [],
}
PROVIDERS = [
    "aistudio",
    "chatbotui",
    "chatgpt",
    "claude",
    "copilot",
    "deepseek",
    "gemini",
    "grok",
    "lechat",
    "librechat",
    "openwebui",
    "perplexity",
    "qwen",
    "qwen_code",
    "claude_code",
    "codex",
    "openclaw",
    "pi",
    "gemini_cli",
    "opencode",
]


def expected_checks() -> dict[str, list[str]]:
    families = {f"{provider}/{name}": checks for provider in PROVIDERS for name, checks in FAMILY_CHECKS.items()}
    return families | SHARED_CHECKS


def test_assets_and_their_checks() -> None:
    graph = defs.resolve_asset_graph()
    found = {"/".join(key.path): [] for key in graph.get_all_asset_keys()}
    for check in graph.asset_check_keys:
        found["/".join(check.asset_key.path)].append(check.name)
    assert {name: sorted(checks) for name, checks in found.items()} == expected_checks()


def test_every_check_blocks_but_those_that_warn() -> None:
    graph = defs.resolve_asset_graph()
    specs = [graph.get_check_spec(key) for key in graph.asset_check_keys]
    assert len(specs) == sum(map(len, expected_checks().values()))
    warning = {"agent_logs_kept", "format_radar", "restore_drill"}
    assert {spec.name for spec in specs if not spec.blocking} == warning
    assert {spec.name for spec in specs if spec.blocking}.isdisjoint(warning)


def test_jobs_sensors_and_schedules() -> None:
    jobs = {job.name for job in defs.resolve_all_job_defs()} - {"__ASSET_JOB"}
    assert jobs == {
        *(f"{provider}_run" for provider in PROVIDERS),
        "distil",
        "restore_drill",
        "housekeeping",
        "session_stages",
    }
    assert {sensor.name for sensor in defs.sensors or []} == {"new_exports", "mash_changed", "session_usage"}
    assert {schedule.name for schedule in defs.schedules or []} == {
        "nightly_distillation",
        "nightly_housekeeping",
        "nightly_restore_drill",
    }


def test_sensors_and_schedules_are_on_by_default() -> None:
    assert all(sensor.default_status is dg.DefaultSensorStatus.RUNNING for sensor in defs.sensors or [])
    assert all(schedule.default_status is dg.DefaultScheduleStatus.RUNNING for schedule in defs.schedules or [])


def test_every_asset_says_what_it_is_and_whose() -> None:
    for spec in defs.resolve_all_asset_specs():
        assert spec.description, spec.key
        assert spec.owners == ["team:moonshine"], spec.key
        assert spec.group_name, spec.key
        assert spec.kinds, spec.key


@pytest.mark.parametrize("provider", PROVIDERS)
def test_each_provider_has_partitions_of_its_own(provider: str) -> None:
    graph = defs.resolve_asset_graph()
    for name in FAMILY_CHECKS:
        partitions = graph.get(dg.AssetKey([provider, name])).partitions_def
        assert isinstance(partitions, dg.DynamicPartitionsDefinition)
        assert partitions.name == f"{provider}_runs"


def test_writers_of_the_mash_share_one_pool() -> None:
    graph = defs.resolve_asset_graph()
    pooled = {
        "/".join(key.path) for key in graph.get_all_asset_keys() if "mash_writer" in (graph.get(key).pools or set())
    }
    families = {f"{provider}/{name}" for provider in PROVIDERS for name in ("archive_snapshot", "mash_merge")}
    assert pooled == families | {"clean", "distilled_slice"}


def test_the_workspace_points_at_the_definitions() -> None:
    assert "moonshine_assets.definitions" in (PROJECT_ROOT / "workspace.yaml").read_text()
