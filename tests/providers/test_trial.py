"""A piece of a log parses now when its line, or its file, no longer comes out as unreadable."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from exporting import write

from moonshine_assets.exports.adapters import codex
from moonshine_assets.exports.container import opened
from moonshine_assets.providers.trial import Bench

ID = "019cb800-0000-7000-8000-000000000001"
NAME = f"sessions/2026/03/04/rollout-2026-03-04T10-00-00-{ID}.jsonl"
META = {"timestamp": "2026-03-04T10:00:00.000Z", "type": "session_meta", "payload": {"id": ID, "cwd": "/k"}}
SAID = {
    "timestamp": "2026-03-04T10:00:01.000Z",
    "type": "response_item",
    "payload": {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hello"}]},
}
BROKEN = b'{"timestamp": "2026-03-04T10:00:02.000Z", "type":'


def piece(raw: bytes, unit: str = "node") -> dict[str, Any]:
    return {"quarantine_id": 3, "unit": unit, "raw": raw}


def test_a_line_of_a_log_is_tried_with_the_whole_log(tmp_path: Path) -> None:
    said = json.dumps(SAID).encode()
    write(tmp_path / NAME, b"\n".join([json.dumps(META).encode(), said, BROKEN, said]) + b"\n")
    with opened(tmp_path) as container:
        bench = Bench(codex, container, [NAME], tmp_path / "work")
        broken, whole = bench.trial(piece(BROKEN)), bench.trial(piece(said))
    assert (broken.quarantine_id, broken.parses, whole.parses) == (3, False, True)
    assert "not valid JSON" in broken.outcome
