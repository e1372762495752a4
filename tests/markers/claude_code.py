"""Claude Code: a session with a sub-agent in the folder of projects, one without a version, and the web form."""

from __future__ import annotations

from typing import Any

from markers.marks import Export, Marks, json_lines

HAS_NO = {"artifact": "files are written by tools"}

_SESSION = "11111111-1111-4111-8111-111111111111"


def exports() -> list[Export]:
    return [_folder(), _plain(), _web()]


def _folder() -> Export:
    marks = Marks("claude-code-folder")
    folder = f"projects/-home-sam/{_SESSION}"
    agent = marks.of("model")
    title = marks.title()
    prompt = {"role": "user", "content": agent("main")}
    of_agent = [
        _record("g1", None, "user", message=prompt, isSidechain=True, agentId="a1"),
        _record("g2", "g1", "assistant", message=_api("m9", [_text(agent("main"))]), isSidechain=True, agentId="a1"),
    ]
    tool = marks.of("tool")
    spilled = {"persistedOutputPath": f"/home/sam/.claude/{folder}/tool-results/big.txt"}
    files = {
        f"{folder}.jsonl": json_lines(
            [
                *_session(marks),
                _record("s1", "last", "assistant", message=_api("m8", [_call("c8", {"command": "ls"})])),
                _record(
                    "s2", "s1", "user", message=_result("c8", tool("result", "tool_result")), toolUseResult=spilled
                ),
            ]
        ),
        f"{folder}/subagents/agent-a1.jsonl": json_lines(of_agent),
        f"{folder}/subagents/agent-a1.meta.json": {"description": title},
        f"{folder}/tool-results/big.txt": "abc",
    }
    return Export("claude-code-folder", files, marks, ("claude_code-2.1",), folder=True)


def _plain() -> Export:
    marks = Marks("claude-code")
    records = _session(marks)
    for record in records:
        record.pop("version", None)
    return Export("claude-code", {f"{_SESSION}.jsonl": json_lines(records)}, marks, ("claude_code",))


def _web() -> Export:
    marks = Marks("claude-code-web")
    return Export("claude-code-web", {"session.json": {"loglines": _session(marks)}}, marks, ("claude_code-web",))


def _record(name: str, parent: str | None, kind: str, **more: Any) -> dict[str, Any]:
    return {
        "type": kind,
        "uuid": name,
        "parentUuid": parent,
        "sessionId": _SESSION,
        "timestamp": "2026-01-01T00:00:00.000Z",
        "version": "2.1.30",
        "cwd": "/home/sam",
        **more,
    }


def _text(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}


def _call(name: str, given: dict[str, Any]) -> dict[str, Any]:
    return {"type": "tool_use", "id": name, "name": "Bash", "input": given}


def _result(call: str, content: Any) -> dict[str, Any]:
    return {"role": "user", "content": [{"type": "tool_result", "tool_use_id": call, "content": content}]}


def _api(name: str, content: list[Any]) -> dict[str, Any]:
    return {"id": name, "role": "assistant", "model": "claude-opus", "content": content}


def _session(marks: Marks) -> list[dict[str, Any]]:
    """One answer over several lines, with a call; a prompt that was typed anew makes the branch."""
    asked, answer, tool = marks.of("human"), marks.of("model"), marks.of("tool")
    client, hidden = marks.of("client_injected"), marks.of("client_injected", visible=False)
    edited, away = marks.of("human", active=False), marks.of("model", active=False)
    document = {
        "type": "document",
        "title": asked.file(),
        "source": {"type": "text", "media_type": "text/plain", "data": asked("attachment", "file")},
    }
    reminder = asked("hidden", "text", "payload")
    prompt = [_text(f"{asked('main')}<system-reminder>{reminder}</system-reminder>"), document]
    shown = [
        _text(tool("result", "tool_result")),
        {"type": "tool_reference", "name": tool("result", "tool_result", "payload")},
    ]
    hook = {"type": "hook_success", "content": hidden("hidden"), "stdout": hidden("hidden")}
    return [
        {"type": "custom-title", "customTitle": marks.title(), "sessionId": _SESSION},
        _record("p1", None, "user", message={"role": "user", "content": prompt}),
        _record("h1", "p1", "attachment", attachment=hook),
        _record(
            "a1",
            "h1",
            "assistant",
            message=_api("m1", [{"type": "thinking", "thinking": answer("thinking", "thinking")}]),
        ),
        _record("a2", "a1", "assistant", message=_api("m1", [_text(answer("main"))])),
        _record(
            "a3", "a2", "assistant", message=_api("m1", [_call("c1", {"command": answer("tool call", "tool_call")})])
        ),
        _record(
            "r1",
            "a3",
            "user",
            message=_result("c1", shown),
            toolUseResult={"stdout": tool("result", "tool_result", "payload")},
        ),
        _record("a4", "r1", "assistant", message=_api("m2", [_text(answer("main"))])),
        _record("p2", "a4", "user", message={"role": "user", "content": edited("branch")}),
        _record("a5", "p2", "assistant", message=_api("m3", [_text(away("branch"))])),
        _record("p3", "a4", "user", message={"role": "user", "content": asked("main")}),
        _record("q1", "p3", "attachment", attachment={"type": "queued_command", "prompt": asked("main")}),
        _record("e1", "q1", "assistant", isApiErrorMessage=True, message=_api("m4", [_text(client("error", "error"))])),
        _record("y1", "e1", "system", subtype="informational", content=hidden("hidden")),
        _record("c1", "y1", "user", isMeta=True, message={"role": "user", "content": hidden("hidden")}),
        _record("k1", "c1", "user", isCompactSummary=True, message={"role": "user", "content": client("main")}),
        _record(
            "l1",
            "k1",
            "user",
            message={"role": "user", "content": f"<local-command-stdout>{client('main')}</local-command-stdout>"},
        ),
        _record("u1", "l1", "of-tomorrow", content=hidden("hidden", "raw", "payload")),
        _record("last", "u1", "assistant", message=_api("m5", [_text(answer("main"))])),
    ]
