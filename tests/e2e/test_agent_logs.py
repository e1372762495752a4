"""Agent logs from the folder where the agent writes them to lanes, by the command; and again when they have grown."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from exporting import write
from intake import query
from terminal import Said, moonshine

from moonshine_assets.cli.summaries import run_ids
from moonshine_resources.atomic import read_json
from moonshine_resources.home import Home

KITE, LAMP = "00000000-1111-4111-8111-111111111111", "00000000-2222-4222-8222-222222222222"
SECRET = "sk-never-copied"


class Log:
    """A session of Claude Code as it grows on disk."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._records: list[dict[str, Any]] = []

    def add(self, kind: str, content: Any, **more: Any) -> Log:
        rank = len(self._records)
        message: dict[str, Any] = {"role": kind, "content": content}
        if kind == "assistant":
            usage = {"input_tokens": 100 + rank, "output_tokens": 10, "cache_read_input_tokens": 1000}
            message |= {"id": f"msg-{self.name}-{rank}", "model": "claude-x", "usage": usage}
        self._records.append(
            {
                "type": kind,
                "uuid": f"{self.name}-{rank}",
                "parentUuid": f"{self.name}-{rank - 1}" if rank else None,
                "sessionId": KITE,
                "timestamp": f"2026-10-01T10:{rank:02}:00.000Z",
                "version": "2.1.0",
                "cwd": "/srv/kites",
                "message": message,
                **more,
            }
        )
        return self

    def ask(self, text: str) -> Log:
        return self.add("user", text)

    def say(self, text: str) -> Log:
        return self.add("assistant", [{"type": "text", "text": text}])

    def call(self, command: str, result: str, *, failed: bool = False) -> Log:
        name = f"toolu-{self.name}-{len(self._records)}"
        self.add("assistant", [{"type": "tool_use", "id": name, "name": "Bash", "input": {"command": command}}])
        said = {"type": "tool_result", "tool_use_id": name, "content": result, "is_error": failed}
        return self.add("user", [said])

    def agent(self, name: str) -> Log:
        for record in self._records:
            record |= {"isSidechain": True, "agentId": name}
        return self

    def bytes(self) -> bytes:
        return b"".join(json.dumps(record).encode() + b"\n" for record in self._records)


class Taken(NamedTuple):
    home: Home
    person: Path
    projects: Path
    said: Said
    kite: Log

    def run(self, *words: str | Path) -> Said:
        return moonshine(*words, home=self.home, HOME=str(self.person), CLAUDE_CONFIG_DIR="")


@pytest.fixture(scope="module")
def taken(tmp_path_factory: pytest.TempPathFactory) -> Taken:
    """`moonshine run ~/.claude/projects` of a person with a session, its sub-agent, and a resumed session."""
    base = tmp_path_factory.mktemp("logs")
    projects = base / "person" / ".claude" / "projects"
    kite = Log(KITE).ask("<command-name>/clear</command-name>").ask("Why does the kite's test fail?")
    kite.call("pytest tests/test_kite.py", "1 failed: the line is too short", failed=True)
    kite.call("grep -n length kite.py", "12: length = 3").call("sed -i s/3/30/ kite.py", "done")
    kite.call("pytest tests/test_kite.py", "1 passed").say("The line was too short; the test passes now.")
    kite.ask("And the tail of the kite?").say("The tail is as long as it was, thirty hands.")
    agent = Log("a77").ask("Measure the line in kite.py").say("It is three hands long.").agent("a77")
    lamp = Log(LAMP).ask("Is the lamp on, and who lit it?").say("It is on; the keeper lit it at dusk.")
    write(projects / "-srv-kites" / f"{KITE}.jsonl", kite.bytes())
    write(projects / "-srv-kites" / KITE / "subagents" / "agent-a77.jsonl", agent.bytes())
    resumed = kite.bytes() + lamp.bytes().replace(
        b'"sessionId": "%s"' % KITE.encode(), b'"sessionId": "%s"' % LAMP.encode()
    )
    write(projects / "-srv-kites" / f"{LAMP}.jsonl", resumed)
    write(projects / ".credentials.json", {"key": SECRET})
    home = Home.at(base / "home")
    found = Taken(home, base / "person", projects, Said(0, "", ""), kite)
    return found._replace(said=found.run("run", projects))


def mash(taken: Taken, statement: str) -> list[tuple[Any, ...]]:
    return query(taken.home.mash, statement)


def test_the_folder_is_one_run_and_is_merged(taken: Taken) -> None:
    assert (taken.said.code, taken.said.errors) == (0, [])
    (run,) = run_ids(taken.home)
    assert run.startswith("claude_code_")
    assert f"{run}: merged" in taken.said.out


def test_every_conversation_knows_the_one_it_comes_from(taken: Taken) -> None:
    assert mash(taken, "SELECT conversation_id, parent_conversation_id FROM conversations ORDER BY ALL") == [
        (KITE, None),
        (f"{KITE}/agent-a77", KITE),
        (LAMP, KITE),
    ]


def test_each_answer_is_paid_once(taken: Taken) -> None:
    found = mash(taken, "SELECT count(usage_output), sum(usage_output), sum(usage_cache_read) FROM messages")
    # six answers of the session, one of its sub-agent and one of the resumed session, which repeats the six
    assert found == [(8, 80, 8000)]


def test_what_the_client_and_agents_wrote_is_no_human_turn(taken: Taken) -> None:
    assert mash(
        taken,
        "SELECT author_kind, count(*) FROM messages WHERE role = 'user' GROUP BY ALL ORDER BY ALL",
    ) == [("client_injected", 1), ("human", 3), ("model", 1)]


def test_the_work_of_the_agent_is_in_the_lane_for_it(taken: Taken) -> None:
    manifest = read_json(taken.home.distillation_manifest)
    assert manifest["lanes"]["agentic_code"]["rows"] == 1
    assert manifest["lanes"]["conversational"]["candidates"] >= 1


def test_the_receipt_shows_what_was_repeated(taken: Taken) -> None:
    receipts = json.loads(taken.run("receipts", "--json").out)
    assert sum(row["nodes_replayed"] for row in receipts) == 13
    assert sum(row["nodes_in"] for row in receipts) == sum(
        row[f"nodes_{name}"]
        for row in receipts
        for name in ("visible", "hidden", "structural", "duplicate", "quarantined")
    )


def test_no_secret_is_anywhere_in_the_home(taken: Taken) -> None:
    files = [path for path in taken.home.root.rglob("*") if path.is_file()]
    assert [path.name for path in files if SECRET.encode() in path.read_bytes()] == []


def test_a_session_that_has_grown_supersedes_and_is_archived_again(taken: Taken) -> None:
    def waiting() -> Any:
        (risk,) = json.loads(taken.run("status", "--json").out)["retention"]
        return risk["not_archived"]

    assert waiting() == 0
    taken.kite.ask("Does the lamp pull the kite?").say("No, only the wind does.")
    write(taken.projects / "-srv-kites" / f"{KITE}.jsonl", taken.kite.bytes())
    assert waiting() == 1
    said = taken.run("run", taken.projects)
    assert (said.code, said.errors) == (0, [])
    assert waiting() == 0
    first, second = run_ids(taken.home)
    assert mash(taken, "SELECT DISTINCT provider_run_id FROM conversations") == [(second,)]
    assert mash(taken, f"SELECT count(*) FROM store.conversations WHERE provider_run_id = '{first}'") == [(3,)]
    assert mash(taken, "SELECT count(usage_output), sum(usage_output) FROM messages") == [(9, 90)]
