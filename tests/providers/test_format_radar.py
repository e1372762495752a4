"""The check on a run: what nobody knows yet, as a table by shape, with the first run that had it."""

from __future__ import annotations

import json
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from exporting import chatgpt, chatgpt_node, talks, write, write_zip
from intake import MOMENT, Intake

from moonshine_assets.dagster_checks import check_result
from moonshine_assets.exports.adapters import BY_PROVIDER
from moonshine_assets.exports.known.make_known import fixtures_of
from moonshine_assets.gates import Verdict
from moonshine_assets.providers import radar_reading
from moonshine_assets.providers.format_radar import format_radar, radar_path, shape_counts
from moonshine_assets.providers.source import read_lock, secured_path
from moonshine_resources.atomic import read_json
from moonshine_resources.duckdb import connect
from moonshine_resources.home import RunPaths

#: A fixture of each provider, and where in its first lines a key is planted: in the record that this field names.
PLANTED = {
    "aistudio": "chunkedPrompt",
    "chatbotui": "messages",
    "chatgpt": "mapping",
    "claude": "chat_messages",
    "claude_code": "message",
    "codex": "payload",
    "copilot": "requests",
    "deepseek": "mapping",
    "gemini": "header",
    "gemini_cli": "sessionId",
    "grok": "responses",
    "lechat": "chatId",
    "librechat": "messages",
    "openclaw": "message",
    "opencode": "info",
    "openwebui": "chat",
    "perplexity": "entries",
    "pi": "message",
    "qwen": "chat",
    "qwen_code": "message",
}


def asked(intake: Intake, path: Path, days: int = 0) -> tuple[RunPaths, Verdict]:
    """The radar's verdict on a published run."""
    run = intake.registered(path, MOMENT + timedelta(days=days))
    run = intake.published(path) if not run.database.exists() else run
    return run, looked(run)


def looked(run: RunPaths) -> Verdict:
    lock = read_lock(run)
    with connect(run.database, read_only=True) as connection:
        return format_radar(connection, run, lock, secured_path(run, lock))


def planted(value: Any, mark: str) -> bool:
    """Put a new key into the first object that has the field; whether there was one."""
    if isinstance(value, dict):
        if mark in value:
            value["aroma_of_tomorrow"] = {"inner": 1}
            return True
        return any(planted(item, mark) for item in value.values())
    return isinstance(value, list) and any(planted(item, mark) for item in value)


def with_new_key(provider: str, folder: Path) -> Path:
    """A fixture of the provider that is a file of JSON or of lines, with one new key in it."""
    known = read_json(Path(radar_reading.__file__).parents[1] / "exports" / "known" / f"{provider}.json")
    for path in fixtures_of(provider, known["invented"]):
        if path.suffix in (".json", ".jsonl") and path.is_file():
            target = folder / path.name
            lines = [path.read_text("utf-8")] if path.suffix == ".json" else path.read_text("utf-8").splitlines()
            try:
                values = [json.loads(line) for line in lines if line.strip()]
            except ValueError:
                continue
            if planted(values, PLANTED[provider]):
                target.write_text("\n".join(json.dumps(value) for value in values) + "\n", "utf-8")
                return target
    raise AssertionError(provider)


@pytest.mark.parametrize("provider", sorted(BY_PROVIDER))
def test_a_new_key_in_a_run_of_any_provider_is_one_finding(intake: Intake, tmp_path: Path, provider: str) -> None:
    run, verdict = asked(intake, with_new_key(provider, tmp_path))
    assert run.provider == provider
    (told,) = verdict.offenders
    assert not verdict.passed
    assert (told["kind"], told["json_type"], told["count"], told["first_run"]) == ("key", "object", 1, run.run_id)
    assert told["unseen"].endswith("aroma_of_tomorrow")
    assert sum(int(count) for count in shape_counts(verdict).values()) >= 1


def test_a_known_export_holds_and_its_report_counts_by_shape(intake: Intake, tmp_path: Path) -> None:
    run, verdict = asked(intake, write(tmp_path / "c.json", [chatgpt("a"), chatgpt("b") | {"is_archived": False}]))
    assert (verdict.passed, verdict.offenders) == (True, [])
    assert verdict.figures == {
        "conversations chatgpt-2023-09": 1,
        "conversations chatgpt-2024": 1,
        "looked_at": 2,
        "unseen": 0,
    }
    assert shape_counts(verdict) == {"conversations chatgpt-2023-09": 1, "conversations chatgpt-2024": 1}
    shapes = read_json(radar_path(run))["shapes"]
    assert {shape: seen["conversations"] for shape, seen in shapes.items()} == {
        "chatgpt-2023-09": 1,
        "chatgpt-2024": 1,
    }
    with connect(run.database, read_only=True) as connection:
        answer = connection.execute("SELECT shape, conversations, messages FROM format_shapes ORDER BY shape")
        assert answer.fetchall() == [("chatgpt-2023-09", 1, 2), ("chatgpt-2024", 1, 2)]


def test_what_is_new_is_a_table_of_differences_without_text(intake: Intake, tmp_path: Path) -> None:
    odd = chatgpt("b", ("A secret sentence", "Another")) | {"mood": "secret", "gizmo_type": "gem"}
    run, verdict = asked(intake, write(tmp_path / "c.json", [chatgpt("a"), odd]))
    common = {"shape": "chatgpt-2025-01", "json_type": "string", "count": 1, "first_run": run.run_id}
    assert verdict.offenders == [
        {**common, "kind": "type", "unseen": "gizmo_type = gem", "known": "gpt snorlax", "first_conversation": 1},
        {**common, "kind": "key", "unseen": "mood", "known": "", "first_conversation": 1},
    ]
    assert "secret" not in radar_path(run).read_text()
    table = check_result(verdict).metadata["offenders"].value
    assert "| shape | kind | unseen | json_type | known | count | first_run | first_conversation |" in str(table)
    assert f"| chatgpt-2025-01 | key | mood | string |  | 1 | {run.run_id} | 1 |" in str(table)


def test_the_first_run_that_had_it_is_named(intake: Intake, tmp_path: Path) -> None:
    first, _ = asked(intake, write(tmp_path / "a.json", [chatgpt("a") | {"mood": 1}]))
    again, verdict = asked(intake, write(tmp_path / "b.json", [chatgpt("a") | {"mood": 1, "taste": 1}]), days=1)
    assert {told["unseen"]: told["first_run"] for told in verdict.offenders} == {
        "mood": first.run_id,
        "taste": again.run_id,
    }


def test_quarantined_conversations_are_looked_at_too(intake: Intake, tmp_path: Path) -> None:
    broken = {"title": "x", "conversation_id": "x", "replaced_by": []}
    _, verdict = asked(intake, write(tmp_path / "c.json", [chatgpt("a"), broken]))
    assert [(row["shape"], row["unseen"]) for row in verdict.offenders] == [("quarantined", "replaced_by")]


def test_looking_twice_leaves_the_report_as_it_is(intake: Intake, tmp_path: Path) -> None:
    run, first = asked(intake, write(tmp_path / "c.json", [chatgpt("a") | {"mood": 1}]))
    before = radar_path(run).stat()
    assert looked(run) == first
    assert radar_path(run).stat() == before
    assert not run.work.exists()


@pytest.mark.parametrize("kind", ["file", "zip"])
def test_of_a_large_export_one_conversation_in_twelve_is_looked_at(
    intake: Intake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(radar_reading, "ALL_BYTES", 1000)
    run, verdict = asked(intake, export_of(tmp_path, kind, talks(1, 80, 6)))
    assert verdict.passed
    assert 5 <= int(verdict.figures["looked_at"]) <= 8
    assert read_json(radar_path(run))["looked_at_one_in"] == 12
    assert all(shape["unreadable"] == 0 for shape in read_json(radar_path(run))["shapes"].values())


@pytest.mark.parametrize("kind", ["file", "zip"])
@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"content": {"content_type": "hologram", "parts": []}}, "content.content_type = hologram"),
        ({"author": {"role": "critic"}}, "author.role = critic"),
    ],
    ids=["content type", "role"],
)
def test_in_a_large_export_what_the_adapter_did_not_know_is_looked_at_wherever_it_stands(
    intake: Intake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, change: dict[str, Any], told: str
) -> None:
    monkeypatch.setattr(radar_reading, "ALL_BYTES", 1000)
    value = talks(1, 80, 6)
    node = chatgpt_node("n", None, "assistant", "x")
    node["message"] |= change
    value[77] = chatgpt("late", nodes=[node])
    _, verdict = asked(intake, export_of(tmp_path, kind, value))
    assert [row["unseen"] for row in verdict.offenders] == [f"mapping.*.message.{told}"]


def export_of(folder: Path, kind: str, value: list[dict[str, Any]]) -> Path:
    path = folder / f"export.{kind}"
    return write(path, value) if kind == "file" else write_zip(path, {"conversations.json": value})


def test_a_log_in_a_folder_is_looked_at_record_by_record(intake: Intake, tmp_path: Path) -> None:
    (fixture,) = [path for path in fixtures_of("opencode") if path.name == "storage-folder"]
    shutil.copytree(fixture, tmp_path / "log")
    run, verdict = asked(intake, tmp_path / "log")
    assert (run.provider, verdict.passed) == ("opencode", True)
    assert int(verdict.figures["looked_at"]) > 2


def test_a_radar_that_fails_is_a_warning_and_keeps_nothing_out(
    tmp_path: Path, intake: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object) -> None:
        raise RecursionError

    monkeypatch.setattr("moonshine_assets.providers.format_radar.look_at_run", failing)
    _, verdict = asked(intake, write(tmp_path / "export.json", [chatgpt("talk")]))
    assert not verdict.passed
    assert "RecursionError" in verdict.reason
