"""Sessions of Claude Code, Codex and OpenClaw with planted facts: `python -m benchmarks.generate_sessions FOLDER`.

Every third session is of each agent, in its agent's own files. Facts are commands that were run, paths, numbers and
decisions about parts of a system; of every part there are facts of every kind, other parts share its words, and the
talk between them is about the same words. The same seed gives the same sessions.
"""

import argparse
import json
import random
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

_BEGUN = datetime(2026, 9, 1, 8, tzinfo=UTC)
_PACKED_FROM = 4_000
FIRST = [
    "billing",
    "invoice",
    "search",
    "gateway",
    "ledger",
    "export",
    "import",
    "report",
    "metrics",
    "session",
    "upload",
    "thumbnail",
    "login",
    "audit",
    "archive",
    "pricing",
    "catalogue",
    "stock",
    "shipping",
    "refund",
    "notification",
    "calendar",
    "backup",
    "webhook",
    "translation",
]
SECOND = ["worker", "scheduler", "cache", "proxy", "database", "queue", "mailer", "indexer", "watcher", "bridge"]
_TALK = (
    "Let me look at the {first} {second} again before we go on.",
    "The {second} of the {first} part restarts when its log is rotated; that is expected.",
    "I checked the {first} tests, all {number} of them pass now.",
    "Can you compare the {second} with what the {other} one does?",
    "The {other} {second} reads its settings at start, so a change needs a restart.",
    "Nothing in {first} depends on the {other} {second} any more, as far as I can see.",
    "I would rather not touch the {first} {second} today. Shall I write a test for it first?",
    "It took {number} ms before and {number2} ms after the change to the {other} {second}.",
)
_OUTPUT = (
    "-rw-r--r-- 1 app app {number} {first}_{second}.log",
    "INFO {first}.{second}: handled request {number} in {number2} ms",
    "{first}/{second}.py:{number}: warning: unused import",
    "PASSED tests/{first}/test_{second}.py::test_{other}_{number}",
)


class Needle(NamedTuple):
    """A planted fact: what stands in the session word for word, and two ways to ask for it."""

    kind: str
    text: str
    question: str
    keyword: str
    session: int


class Turn(NamedTuple):
    """Something said: by user or assistant, or a command (`call`) with its output (`result`)."""

    role: str
    text: str


class Written(NamedTuple):
    """A session as it lies on disk, in its agent's folder below the given one."""

    provider: str
    session_id: str
    path: Path


def needles(count: int, sessions: int, seed: int = 1) -> list[Needle]:
    """Facts by turns of every kind, spread over the sessions; no two have the same text or keyword."""
    made = random.Random(seed)
    parts = [(first, second) for first in FIRST for second in SECOND]
    made.shuffle(parts)
    found = []
    for number in range(count):
        first, second = parts[number // 4 % len(parts)]
        found.append(_needle(number, first, second, made, made.randrange(sessions)))
    return found


def _needle(number: int, first: str, second: str, made: random.Random, session: int) -> Needle:
    token = f"{number:03d}{made.randrange(16**5):05x}"
    port = 20_000 + number * 7 + made.randrange(7)
    kind = ("command", "path", "number", "decision")[number % 4]
    if kind == "command":
        text = f"kubectl -n {first} rollout restart deploy/{second}-{token} --timeout={90 + number % 60}s"
        return Needle(kind, text, f"How did we restart the {first} {second}?", f"deploy/{second}-{token}", session)
    if kind == "path":
        text = f"The settings of the {first} {second} are kept in /srv/{first}/{second}/conf.d/{token}.toml"
        return Needle(kind, text, f"Where are the {first} {second}'s settings?", f"conf.d/{token}.toml", session)
    if kind == "number":
        text = f"The {first} {second} listens on port {port} behind the load balancer."
        return Needle(kind, text, f"Which port is the {first} {second} listening on?", str(port), session)
    engine = ("PostgreSQL", "SQLite", "Redis", "DuckDB")[number // 4 % 4]
    text = (
        f"Decision ADR-{number:04d}: the {first} {second} stays on {engine}, because migrating it would cost a quarter."
    )
    return Needle(
        kind, text, f"What was decided about the {first} {second} staying or migrating?", f"ADR-{number:04d}", session
    )


def turns(session: int, planted: list[Needle], messages: int, seed: int = 1) -> Iterator[Turn]:
    """One session: talk and tool output, with its facts among them in order."""
    made = random.Random(f"{seed}-{session}")
    places = sorted(made.sample(range(1, max(messages, len(planted) + 1)), len(planted)))
    waiting = dict(zip(places, planted, strict=True))
    for number in range(messages):
        if (needle := waiting.get(number)) is not None:
            if needle.kind == "command":
                yield Turn("assistant", f"I restart it now, as agreed ({made.randrange(1000)}).")
                yield Turn("call", needle.text)
                yield Turn("result", "deployment restarted")
            else:
                yield Turn("user" if made.random() < 0.5 else "assistant", needle.text)
        elif made.random() < 0.3:
            yield Turn("call", _filled("pytest tests/{first} -k {second} -x", made))
            yield Turn("result", "\n".join(_filled(made.choice(_OUTPUT), made) for _ in range(made.randrange(1, 12))))
        else:
            said = " ".join(_filled(made.choice(_TALK), made) for _ in range(made.randrange(1, 5)))
            yield Turn("user" if number % 3 == 0 else "assistant", said)


def _filled(pattern: str, made: random.Random) -> str:
    return pattern.format(
        first=made.choice(FIRST),
        second=made.choice(SECOND),
        other=made.choice(FIRST),
        number=made.randrange(10_000),
        number2=made.randrange(1_000),
    )


def write_sessions(folder: Path, planted: list[Needle], sessions: int, messages: int, seed: int = 1) -> list[Written]:
    """Write all sessions below a folder that stands for a person's home: `claude`, `codex` and `openclaw`."""
    written = []
    for number in range(sessions):
        said = list(turns(number, [one for one in planted if one.session == number], messages, seed))
        times = [_BEGUN + timedelta(days=number, seconds=11 * at) for at in range(len(said))]
        session_id = f"{number:08x}-0000-4000-8000-{number:012x}"
        write = (_claude_code, _codex, _openclaw)[number % 3]
        written.append(write(folder, session_id, said, times))
    return written


def _claude_code(folder: Path, session_id: str, said: list[Turn], times: list[datetime]) -> Written:
    records = []
    for number, (turn, at) in enumerate(zip(said, times, strict=True)):
        content: Any = turn.text
        if turn.role == "call":
            content = [{"type": "tool_use", "id": f"toolu_{number}", "name": "Bash", "input": {"command": turn.text}}]
        elif turn.role == "result":
            content = [{"type": "tool_result", "tool_use_id": f"toolu_{number - 1}", "content": turn.text}]
        elif turn.role == "assistant":
            content = [{"type": "text", "text": turn.text}]
        is_answer = turn.role in ("assistant", "call")
        message: dict[str, Any] = {"role": "assistant" if is_answer else "user", "content": content}
        if is_answer:
            message |= {"id": f"msg_{number}", "model": "claude-sonnet-4-6", "usage": {"input_tokens": 10 * number}}
        records.append(
            {
                "type": message["role"],
                "uuid": f"{session_id[:8]}-{number:07d}",
                "parentUuid": f"{session_id[:8]}-{number - 1:07d}" if number else None,
                "sessionId": session_id,
                "timestamp": _iso(at),
                "message": message,
            }
        )
    path = folder / "claude" / "projects" / "-srv-app" / f"{session_id}.jsonl"
    return _lines("claude_code", session_id, path, records)


def _codex(folder: Path, session_id: str, said: list[Turn], times: list[datetime]) -> Written:
    records = [{"timestamp": _iso(times[0]), "type": "session_meta", "payload": {"id": session_id, "cwd": "/srv/app"}}]
    for number, (turn, at) in enumerate(zip(said, times, strict=True)):
        payload: dict[str, Any] = {
            "type": "message",
            "role": turn.role,
            "content": [{"type": "input_text" if turn.role == "user" else "output_text", "text": turn.text}],
        }
        if turn.role == "call":
            arguments = json.dumps({"command": ["bash", "-lc", turn.text]})
            payload = {"type": "function_call", "name": "shell", "call_id": f"c{number}", "arguments": arguments}
        elif turn.role == "result":
            payload = {"type": "function_call_output", "call_id": f"c{number - 1}", "output": turn.text}
        records.append({"timestamp": _iso(at), "type": "response_item", "payload": payload})
    day = times[0].strftime("%Y/%m/%d")
    path = folder / "codex" / "sessions" / day / f"rollout-{times[0]:%Y-%m-%dT%H-%M-%S}-{session_id}.jsonl"
    return _lines("codex", session_id, path, records)


def _openclaw(folder: Path, session_id: str, said: list[Turn], times: list[datetime]) -> Written:
    path = folder / "openclaw" / "agents" / "main" / "agent" / "openclaw-agent.sqlite"
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path)
    connection.executescript(
        "CREATE TABLE IF NOT EXISTS session_nodes (session_key TEXT, current_session_id TEXT, entry_json TEXT);"
        "CREATE TABLE IF NOT EXISTS transcript_events"
        " (session_id TEXT, seq INTEGER, event_json TEXT, event_zstd BLOB, PRIMARY KEY (session_id, seq));"
    )
    events: list[dict[str, Any]] = [{"type": "session", "version": 4, "id": session_id, "timestamp": _iso(times[0])}]
    for number, (turn, at) in enumerate(zip(said, times, strict=True)):
        content: list[dict[str, Any]] = [{"type": "text", "text": turn.text}]
        message: dict[str, Any] = {"role": turn.role, "content": content}
        if turn.role == "call":
            call = {"type": "toolCall", "id": f"call_{number}", "name": "exec", "arguments": {"command": turn.text}}
            message = {"role": "assistant", "content": [call], "model": "some-model"}
        elif turn.role == "result":
            message = {"role": "toolResult", "toolCallId": f"call_{number - 1}", "toolName": "exec", "content": content}
        events.append(
            {
                "type": "message",
                "id": f"e{number}",
                "parentId": f"e{number - 1}" if number else None,
                "timestamp": _iso(at),
                "message": message,
            }
        )
    key = f"agent:main:chat:{session_id}"
    entry = {"sessionId": session_id, "updatedAt": int(times[-1].timestamp() * 1000), "totalTokens": 1}
    connection.execute("INSERT INTO session_nodes VALUES (?, ?, ?)", (key, session_id, json.dumps(entry)))
    for number, event in enumerate(events):
        raw = json.dumps(event)
        packed = pa.compress(raw.encode(), codec="zstd", asbytes=True) if len(raw) >= _PACKED_FROM else None
        row = (session_id, number, None if packed else raw, packed)
        connection.execute("INSERT INTO transcript_events VALUES (?, ?, ?, ?)", row)
    connection.commit()
    connection.close()
    return Written("openclaw", session_id, path)


def _lines(provider: str, session_id: str, path: Path, records: list[dict[str, Any]]) -> Written:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(record) + "\n" for record in records), "utf-8")
    return Written(provider, session_id, path)


def _iso(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--sessions", type=int, default=50)
    parser.add_argument("--messages", type=int, default=200, help="of each session")
    parser.add_argument("--needles", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    planted = needles(options.needles, options.sessions, options.seed)
    written = write_sessions(options.folder, planted, options.sessions, options.messages, options.seed)
    (options.folder / "needles.json").write_text(json.dumps([one._asdict() for one in planted], indent=1))
    print(f"{len(written)} sessions in {options.folder}, {len(planted)} facts in needles.json")


if __name__ == "__main__":
    main()
