"""The benchmarks are run from the project folder and are not installed, so tests find them by path."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))


@pytest.fixture(scope="session")
def two_megabytes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from benchmarks.generate_chatgpt import generate

    path = tmp_path_factory.mktemp("generated") / "conversations.json"
    generate(path, megabytes=2, seed=7)
    return path


@pytest.fixture(scope="session")
def conversations(two_megabytes: Path) -> list[dict[str, Any]]:
    return json.loads(two_megabytes.read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def tiny_export(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Written by hand; each message's text is a known number of tokens, see test_plain_script."""

    def message(role: str, content: dict[str, Any]) -> dict[str, Any]:
        return {"id": "m", "author": {"role": role}, "content": content, "metadata": {}}

    contents: list[tuple[str, dict[str, Any]]] = [
        ("system", {"content_type": "text", "parts": [""]}),
        ("user", {"content_type": "text", "parts": ["hello world"]}),
        ("assistant", {"content_type": "thoughts", "thoughts": [{"summary": "hello", "content": "world"}]}),
        ("assistant", {"content_type": "code", "language": "unknown", "text": "hello"}),
        ("tool", {"content_type": "reasoning_recap", "content": "Thought for 6s"}),
        (
            "user",
            {
                "content_type": "multimodal_text",
                "parts": [
                    {"content_type": "image_asset_pointer", "asset_pointer": "file-service://file-1"},
                    {"content_type": "audio_transcription", "text": "hello", "direction": "in"},
                    None,
                    "world",
                ],
            },
        ),
    ]
    mapping: dict[str, Any] = {"root": {"id": "root", "message": None, "parent": None, "children": ["n0"]}}
    for position, (role, content) in enumerate(contents):
        parent = f"n{position - 1}" if position else "root"
        mapping[f"n{position}"] = {"id": f"n{position}", "parent": parent, "message": message(role, content)}
    export = [
        {"title": "first", "create_time": 1.0, "update_time": 2.0, "mapping": mapping, "conversation_id": "c1"},
        {"title": None, "create_time": None, "update_time": None, "mapping": {}, "id": "c2"},
    ]
    path = tmp_path_factory.mktemp("tiny") / "conversations.json"
    path.write_text(json.dumps(export), encoding="utf-8")
    return path
