"""The real OpenClaw with its gateway on loopback, driven from 60 % to 95 %, rolled over, and its gateway killed."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

import pytest
from serving import free_port

from e2e.moon.conftest import FACT, Bench
from moonshine_assets.sessions.archive import archived_conversations, latest_record

pytestmark = pytest.mark.moon
WINDOW = 65_536
MAIN = "agent:main:main"
#: Seconds until a gateway must answer; a bound, not an expectation.
PATIENCE = 400.0
_BYTES_PER_TOKEN = 4
_MOST_A_TURN = 4_500


class Gateway:
    """OpenClaw of a bench, with a model of that window and its own compaction switched off."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.port = free_port()
        self.state = bench.root / "openclaw"
        self.state.mkdir()
        (bench.root / "workspace").mkdir()
        self.config = self.state / "openclaw.json"
        model = {"id": "here-1", "name": "here-1", "contextWindow": WINDOW, "maxTokens": 2048}
        provider = {"baseUrl": f"{bench.model.address}/v1", "apiKey": "none", "api": "openai-completions"}
        self.config.write_text(
            json.dumps(
                {
                    "gateway": {
                        "mode": "local",
                        "bind": "loopback",
                        "port": self.port,
                        "auth": {"mode": "token", "token": "of-this-test"},
                    },
                    "update": {"checkOnStart": False},
                    "agents": {
                        "defaults": {
                            "skipBootstrap": True,
                            "workspace": str(bench.root / "workspace"),
                            "model": {"primary": "here/here-1"},
                            "compaction": {"enabled": False},
                        }
                    },
                    "models": {"providers": {"here": {**provider, "models": [model]}}},
                },
                indent=2,
            )
        )
        bench.extra |= {
            "OPENCLAW_STATE_DIR": str(self.state),
            "OPENCLAW_NO_AUTO_UPDATE": "1",
            "OPENCLAW_DISABLE_BONJOUR": "1",
            "OPENCLAW_NO_RESPAWN": "1",
            "OPENCLAW_SKIP_CHANNELS": "1",
            "MOON_OPENCLAW_GATEWAY_TOKEN": "of-this-test",
            "OPENCLAW_GATEWAY_TOKEN": "of-this-test",
            "MOON_OPENCLAW_OWN_COMPACTION": "false",
        }

    @contextmanager
    def running(self) -> Iterator[None]:
        with (self.bench.root / "gateway.log").open("ab") as log:
            process = self._started(log)
            try:
                yield
            finally:
                process.send_signal(signal.SIGTERM)
                try:
                    process.wait(60)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()

    def _started(self, log: BinaryIO) -> subprocess.Popen[bytes]:
        """A gateway that answers. On a busy machine it gives up starting by itself; it is started again then."""
        deadline = time.monotonic() + PATIENCE
        while True:
            process = subprocess.Popen(
                ["openclaw", "gateway", "run"],
                env=dict(self.bench.environment),
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            while process.poll() is None:
                if self._answers():
                    return process
                told = (self.bench.root / "gateway.log").read_text(errors="replace")[-3000:]
                assert time.monotonic() < deadline, told
                time.sleep(1)

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        words = ("openclaw", "gateway", "call", method, "--json", "--timeout", "60000", "--params")
        printed = self.bench.run(*words, json.dumps(parameters))
        answer: dict[str, Any] = json.loads(printed[printed.index("{") :])
        return answer

    def turn(self, text: str, *, key: str = MAIN) -> str:
        """One turn; the id of its session."""
        words = ("openclaw", "agent", "--session-key", key, "--json", "--message", text)
        printed = self.bench.run(*words)
        return str(json.loads(printed[printed.index("{") :])["result"]["meta"]["agentMeta"]["sessionId"])

    def grow(self, session: str, share: float) -> None:
        """Turns that fill the session up to a share of the window; what is said is real text. Compaction keeps the
        newest turns as they are, so none of them is large."""
        missing = int((share - self.bench.usage(session)) * WINDOW)
        line = "The service answered in time and nothing has to be done about it. "
        while missing > 0:
            tokens = min(missing, _MOST_A_TURN)
            self.turn(line * (tokens * _BYTES_PER_TOKEN // len(line)))
            missing -= tokens

    def _answers(self) -> bool:
        words = ["openclaw", "gateway", "call", "moonshine.status", "--json"]
        asked = subprocess.run(words, env=dict(self.bench.environment), capture_output=True, check=False)
        return asked.returncode == 0 and b"version" in asked.stdout


@pytest.fixture
def gateway(bench: Bench) -> Gateway:
    made = Gateway(bench)
    before = made.config.read_bytes()
    (row,) = bench.moon("install", "openclaw")["agents"]
    assert (row["what"], made.config.read_bytes() != before) == ("installed", True)
    return made


def test_a_session_driven_to_its_limit_is_archived_compacted_distilled_and_followed(
    bench: Bench, gateway: Gateway
) -> None:
    with gateway.running():
        session = gateway.turn(f"{FACT} Remember it.")
        gateway.grow(session, 0.62)
        assert 0.58 < bench.usage(session) < 0.70
        assert bench.watched() == []

        gateway.grow(session, 0.82)
        assert 0.80 <= bench.usage(session) < 0.85
        assert bench.watched() == [("archive", "OK_ARCHIVED")]

        gateway.grow(session, 0.87)
        assert 0.85 <= bench.usage(session) < 0.90
        assert bench.watched() == [("archive", "OK_ARCHIVED"), ("prune", "OK_PRUNED")]
        pruned = next(line for line in bench.audit() if line.code == "MOON_OK_PRUNED")
        assert pruned.figures["how"] == "compacted"
        assert pruned.figures["tokens_after"] < pruned.figures["tokens_before"]
        hook = next(line for line in bench.audit() if line.code == "MOON_OK_HOOK" and line.archive)
        assert hook.session == f"openclaw:{session}", "the gateway waited for our hook before it compacted"

        gateway.turn("Go on.")
        assert bench.usage(session) < 0.60, "small again"
        assert bench.watched() == []
        gateway.grow(session, 0.95)
        assert bench.usage(session) >= 0.90
        stages = bench.watched()
        assert [stage for stage, _ in stages] == ["archive", "prune", "distill"]
        assert all(code.startswith("OK_") for _, code in stages), stages
        assert stages[-1] == ("distill", "OK_CONTINUED")

        line = next(one for one in reversed(bench.audit()) if one.code == "MOON_OK_CONTINUED")
        successor = line.reason.removeprefix("goes on as ")
        bench.model.requests.clear()
        target = gateway.turn("Hello, successor.", key=successor)
        first = next(request for request in bench.model.requests if "Hello, successor." in request.text)
        assert FACT.removeprefix("Decision: ").rstrip(".") in first.text
        assert session in first.text, "it says whose words these are"
        assert first.text.index("6543") < first.text.index("Hello, successor.")
        bench.model.requests.clear()
        gateway.turn("And again.", key=successor)
        last = next(request for request in bench.model.requests if "And again." in request.text)
        assert last.text.count(session) <= first.text.count(session), "told once"

        (link,) = bench.moon("chain", target)["chain"]
        assert (link["source_session_id"], link["target_session_id"]) == (session, target)
        rows = gateway.call("sessions.list")["sessions"]
        assert any(row["key"] == successor and row.get("parentSessionKey") == MAIN for row in rows)
        findings = bench.moon("verify", "openclaw", "--strict")["findings"]
        assert all(finding["holds"] for finding in findings), findings
    assert any("6543" in match["snippet"] for match in bench.recalled())


def test_a_compaction_by_somebody_else_is_preceded_by_an_archive_of_everything(bench: Bench, gateway: Gateway) -> None:
    with gateway.running():
        session = gateway.turn(f"{FACT} Remember it.")
        gateway.grow(session, 0.40)
        assert gateway.call("sessions.compact", key=MAIN)["compacted"] is True
        hook = next(line for line in bench.audit() if line.code == "MOON_OK_HOOK")
        record = latest_record(bench.home, session, "openclaw")
        assert record is not None
        assert hook.archive == record.archive_path
        (archived,) = archived_conversations(bench.home, record)
        said = " ".join(block.text or "" for node in archived.nodes if node.message for block in node.message.blocks)
        assert "6543" in said
        assert ("archive", "OK_ARCHIVED") in bench.watched(), (
            "the watcher sees that it was compacted, and archives late"
        )


def test_with_the_gateway_down_sessions_are_archived_and_never_pruned_and_it_resumes(
    bench: Bench, gateway: Gateway
) -> None:
    bench.extra |= {"MOON_WATCHER_COOLDOWN_SECS": "1"}
    with gateway.running():
        session = gateway.turn(f"{FACT} Remember it.")
        gateway.grow(session, 0.87)
    assert bench.watched() == [("archive", "OK_ARCHIVED"), ("prune", "WARN_PRUNE_FAILED")]
    assert bench.usage(session) >= 0.85
    with gateway.running():
        time.sleep(1.1)
        assert bench.watched() == [("archive", "OK_ARCHIVED"), ("prune", "OK_PRUNED")]
    bench.moon("uninstall")
    assert "moonshine" not in gateway.config.read_text()


def test_a_model_that_is_dead_leaves_the_session_as_it_was(bench: Bench, gateway: Gateway) -> None:
    with gateway.running():
        session = gateway.turn(f"{FACT} Remember it.")
        gateway.grow(session, 0.87)
        bench.model.stop()
        assert bench.watched() == [("archive", "OK_ARCHIVED"), ("prune", "WARN_PRUNE_FAILED")]
        assert bench.usage(session) >= 0.85
