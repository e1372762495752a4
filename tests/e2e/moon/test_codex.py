"""The real Codex against a model on loopback, driven from 60 % to 95 %."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from e2e.moon.conftest import FACT, Bench

pytestmark = pytest.mark.moon
#: Codex reports a window of 258 400 and compacts at 244 800.
EFFECTIVE = 244_800


@pytest.fixture
def project(bench: Bench) -> Path:
    folder = bench.root / "project"
    folder.mkdir()
    own = bench.root / "codex"
    own.mkdir()
    (own / "config.toml").write_text(
        'model = "gpt-5.5"\nmodel_provider = "here"\n'
        f'[model_providers.here]\nname = "here"\nbase_url = "{bench.model.address}/v1"\n'
        'env_key = "HERE_KEY"\nwire_api = "responses"\n'
    )
    bench.extra |= {"CODEX_HOME": str(own), "HERE_KEY": "none", "MOON_PRUNE_IDLE_SECS": "0"}
    return folder


def turn(bench: Bench, project: Path, text: str, share: float, *, session: str | None = None) -> str:
    """One turn, after which the thread is that full; its id. Hooks run although nobody has looked at them yet."""
    bench.model.usage = int(EFFECTIVE * share)
    words = ["codex", "exec", "--json", "--skip-git-repo-check", "--dangerously-bypass-hook-trust"]
    words += ["resume", session, text] if session else [text]
    said = [json.loads(line) for line in bench.run(*words, cwd=project).splitlines()]
    assert any(one["type"] == "turn.completed" for one in said), said
    return session or next(str(one["thread_id"]) for one in said if one["type"] == "thread.started")


def test_a_thread_driven_to_its_limit_loses_nothing(bench: Bench, project: Path) -> None:
    bench.moon("install", "codex")
    thread = turn(bench, project, f"{FACT} Remember it.", 0.60)
    assert bench.usage(thread) == pytest.approx(0.60, abs=0.01)
    assert bench.watched() == []

    turn(bench, project, "Go on.", 0.82, session=thread)
    assert bench.watched() == [("archive", "OK_ARCHIVED")]

    turn(bench, project, "Go on.", 0.87, session=thread)
    assert bench.watched() == [("archive", "OK_ARCHIVED"), ("prune", "OK_PRUNED")]
    pruned = next(line for line in bench.audit() if line.code == "MOON_OK_PRUNED")
    assert pruned.figures["how"] == "compacted", "by Codex itself"
    assert pruned.figures["tokens_after"] < pruned.figures["tokens_before"]

    turn(bench, project, "Go on.", 0.30, session=thread)
    assert bench.watched() == [], "small again"
    turn(bench, project, "Go on.", 0.95, session=thread)
    stages = bench.watched()
    assert [stage for stage, _ in stages] == ["archive", "prune", "distill"]
    assert all(code.startswith("OK_") for _, code in stages), stages

    bench.model.requests.clear()
    successor = turn(bench, project, "Hello.", 0.10)
    first = next(request for request in bench.model.requests if "Hello." in request.text)
    assert FACT.removeprefix("Decision: ").rstrip(".") in first.text
    assert thread in first.text, "it says whose words these are"
    (link,) = bench.moon("chain", successor)["chain"]
    assert (link["source_session_id"], link["target_session_id"]) == (thread, successor)
    assert any("6543" in match["snippet"] for match in bench.recalled())


def test_before_codex_compacts_by_itself_it_calls_our_hook(bench: Bench, project: Path) -> None:
    bench.moon("install", "codex")
    thread = turn(bench, project, f"{FACT} Remember it.", 0.50)
    turn(bench, project, "Go on.", 1.04, session=thread)
    turn(bench, project, "Go on.", 0.10, session=thread)
    hook = next(line for line in bench.audit() if line.code == "MOON_OK_HOOK" and line.archive)
    assert hook.session == f"codex:{thread}"
    assert ("archive", "OK_ARCHIVED") in bench.watched(), "what it compacted by itself is archived late as well"


def test_codex_itself_says_that_nobody_trusts_new_hooks_yet(bench: Bench, project: Path) -> None:
    bench.moon("install", "codex")
    findings = {one["check"]: one for one in bench.moon("verify", "codex", codes=(1,))["findings"]}
    assert findings["PreCompact runs"]["holds"]
    assert findings["trusted"]["holds"] is False
    assert "/hooks" in findings["trusted"]["detail"]


def test_a_pruned_copy_is_a_thread_that_codex_goes_on_from(bench: Bench, project: Path) -> None:
    bench.extra |= {"MOON_PRUNE_MODE": "always", "MOON_CODEX_COMMAND": "/none"}
    thread = turn(bench, project, f"{FACT} Remember it.", 0.60)
    (rollout,) = (bench.root / "codex" / "sessions").glob(f"*/*/*/*{thread}.jsonl")
    call = {"type": "function_call", "name": "shell", "arguments": "{}", "call_id": "call_1"}
    output = {"type": "function_call_output", "call_id": "call_1", "output": "a long listing\n" * 2000}
    with rollout.open("a") as stream:
        for number, payload in enumerate((call, output), 1000):
            record = {"timestamp": "2026-01-01T00:00:00.000Z", "ordinal": number, "type": "response_item"}
            stream.write(json.dumps({**record, "payload": payload}) + "\n")
    turn(bench, project, "Go on.", 0.87, session=thread)
    whole = rollout.read_bytes()
    assert bench.watched() == [("archive", "OK_ARCHIVED"), ("prune", "OK_PRUNED")]
    copy = next(line for line in bench.audit() if line.code == "MOON_OK_PRUNED").figures["copy"]
    assert rollout.read_bytes() == whole
    bench.model.requests.clear()
    turn(bench, project, "And now?", 0.70, session=copy)
    sent = next(request for request in bench.model.requests if "And now?" in request.text)
    assert "6543" in sent.text
    assert "characters left out here" in sent.text
    assert len(sent.text) < len(whole)
