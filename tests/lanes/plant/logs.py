"""Sessions of a coding agent, as Claude Code writes them: one JSON record a line."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from lanes.plant.trees import START, hash_of


class Session:
    """A session that grows record by record."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.records: list[dict[str, Any]] = []
        self.calls = 0
        self._at = datetime.fromtimestamp(START + hash_of(name) * 60, UTC)

    def add(self, kind: str, content: Any, **more: Any) -> str:
        rank = len(self.records)
        self._at += timedelta(seconds=20)
        message: dict[str, Any] = {"role": kind, "content": content}
        if kind == "assistant":
            stop = "tool_use" if any(part["type"] == "tool_use" for part in content) else "end_turn"
            message |= {"id": f"msg-{self.name}-{rank}", "model": "claude-x", "stop_reason": stop}
        record = {
            "type": kind,
            "uuid": f"{self.name}-{rank:04}",
            "parentUuid": f"{self.name}-{rank - 1:04}" if rank else None,
            "sessionId": self.name,
            "timestamp": self._at.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
            "version": "2.1.0",
            "cwd": "/srv/planted",
            "isSidechain": False,
            "message": message,
            **more,
        }
        self.records.append(record)
        return str(record["uuid"])

    def ask(self, text: str, **more: Any) -> str:
        return self.add("user", text, **more)

    def say(self, text: str) -> str:
        return self.add("assistant", [{"type": "text", "text": text}])

    def call(self, command: str, result: str, *, failed: bool | None = False, tool: str = "Bash") -> str:
        name = f"toolu-{self.name}-{len(self.records)}"
        arguments = {"command": command} if tool == "Bash" else {"file_path": command}
        self.add("assistant", [{"type": "tool_use", "id": name, "name": tool, "input": arguments}])
        self.calls += 1
        said: dict[str, Any] = {"type": "tool_result", "tool_use_id": name, "content": result}
        if failed is not None:
            said["is_error"] = failed
        return self.add("user", [said])

    def lines(self) -> bytes:
        return b"".join(json.dumps(record).encode() + b"\n" for record in self.records)

    def resumed(self, name: str) -> Session:
        """A session that begins with a copy of this one's records, as resuming writes it."""
        other = Session(name)
        other.records = [{**record, "sessionId": name} for record in self.records]
        other._at = self._at + timedelta(hours=1)
        return other

    def agent(self, name: str) -> Session:
        for record in self.records:
            record |= {"isSidechain": True, "agentId": name}
        return self
