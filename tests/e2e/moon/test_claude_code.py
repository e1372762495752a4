"""The real Claude Code against a model on loopback, driven from 60 % to 95 %."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from e2e.moon.conftest import FACT, Bench

pytestmark = pytest.mark.moon
#: Claude Code compacts a window of 200 000 tokens at 177 000.
EFFECTIVE = 177_000


@pytest.fixture
def project(bench: Bench) -> Path:
    folder = bench.root / "project"
    folder.mkdir()
    bench.extra |= {
        "CLAUDE_CONFIG_DIR": str(bench.root / "claude"),
        "ANTHROPIC_BASE_URL": bench.model.address,
        "ANTHROPIC_API_KEY": "none",
        "ANTHROPIC_MODEL": "claude-sonnet-4-6",
        "DISABLE_TELEMETRY": "1",
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "MOON_PRUNE_IDLE_SECS": "0",
    }
    (bench.root / "claude").mkdir()
    return folder


def turn(bench: Bench, project: Path, text: str, share: float, *more: str, session: str | None = None) -> str:
    """One turn, after which the session is that full; its id."""
    bench.model.usage = int(EFFECTIVE * share)
    words = ["claude", "-p", text, "--output-format", "json", *(["--resume", session] if session else []), *more]
    return str(json.loads(bench.run(*words, cwd=project))["session_id"])


def test_a_session_driven_to_its_limit_loses_nothing(bench: Bench, project: Path) -> None:
    installed = bench.moon("install", "claude-code")["agents"]
    assert [row["what"] for row in installed] == ["installed"]
    session = turn(bench, project, f"{FACT} Remember it.", 0.60)
    assert bench.usage(session) == pytest.approx(0.60, abs=0.01)
    assert bench.watched() == []

    turn(bench, project, "Go on.", 0.82, session=session)
    assert bench.watched() == [("archive", "OK_ARCHIVED")]

    turn(bench, project, "Go on.", 0.87, session=session)
    assert bench.watched() == [("archive", "OK_ARCHIVED"), ("prune", "OK_PRUNED")]
    pruned = next(line for line in bench.audit() if line.code == "MOON_OK_PRUNED")
    assert pruned.figures["how"] == "compacted", "by Claude Code itself"
    assert pruned.figures["tokens_after"] < pruned.figures["tokens_before"]
    hook = next(line for line in bench.audit() if line.code == "MOON_OK_HOOK" and line.archive)
    assert hook.session == f"claude_code:{session}", "it called our hook before it compacted"

    turn(bench, project, "Go on.", 0.30, session=session)
    assert bench.watched() == [], "small again"
    turn(bench, project, "Go on.", 0.95, session=session)
    stages = bench.watched()
    assert [stage for stage, _ in stages] == ["archive", "prune", "distill"]
    assert all(code.startswith("OK_") for _, code in stages), stages

    bench.model.usage = None
    bench.model.requests.clear()
    successor = turn(bench, project, "Hello.", 0.10)
    assert successor != session
    first = next(request for request in bench.model.requests if "Hello." in request.text)
    assert FACT.removeprefix("Decision: ").rstrip(".") in first.text
    assert session in first.text, "it says whose words these are"
    assert first.text.index("6543") < first.text.index("Hello.")
    (link,) = bench.moon("chain", successor)["chain"]
    assert (link["source_session_id"], link["target_session_id"]) == (session, successor)

    assert any("6543" in match["snippet"] for match in bench.recalled())
    assert all(finding["holds"] for finding in bench.moon("verify", "claude-code")["findings"])
    bench.moon("uninstall")
    assert not (bench.root / "claude" / "settings.json").exists()


def test_a_session_whose_command_is_gone_goes_on_from_a_pruned_copy(bench: Bench, project: Path) -> None:
    bench.extra |= {"MOON_PRUNE_MODE": "always", "MOON_CLAUDE_CODE_COMMAND": "/none"}
    bench.model.call = ("Bash", {"command": "seq 1 4000", "description": "counts"})
    session = turn(bench, project, f"{FACT} Remember it, then count.", 0.87, "--allowedTools", "Bash(seq:*)")
    (log,) = (bench.root / "claude" / "projects").glob(f"*/{session}.jsonl")
    whole = log.read_bytes()
    assert b"\\n3999\\n" in whole, "the tool was really run"
    assert bench.watched() == [("archive", "OK_ARCHIVED"), ("prune", "OK_PRUNED")]
    assert log.read_bytes() == whole
    copy = next(line for line in bench.audit() if line.code == "MOON_OK_PRUNED").figures["copy"]
    bench.model.requests.clear()
    assert turn(bench, project, "And now?", 0.70, session=copy) == copy
    sent = next(request for request in bench.model.requests if "And now?" in request.text)
    assert "6543" in sent.text
    assert "characters left out here" in sent.text
    assert "\n2000\n" not in sent.text
