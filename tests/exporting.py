"""Exports as the providers write them, made to measure: conversations as dictionaries, files, zips."""

from __future__ import annotations

import json
import random
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

_WORDS = ("moon", "tide", "lamp", "river", "stone", "quiet", "copper", "winter", "orchard", "signal", "paper", "glass")


def chatgpt_node(
    name: str, parent: str | None, role: str | None, words: str = "", time: float = 1.7e9
) -> dict[str, Any]:
    """A node of a mapping; without a role it is structural."""
    if role is None:
        return {"id": name, "parent": parent, "children": [], "message": None}
    message = {
        "id": name,
        "author": {"role": role, "name": None, "metadata": {}},
        "create_time": time,
        "content": {"content_type": "text", "parts": [words]},
        "status": "finished_successfully",
        "metadata": {},
        "recipient": "all",
    }
    return {"id": name, "parent": parent, "children": [], "message": message}


def chatgpt(
    name: str,
    words: Sequence[str] = ("How far is the moon?", "About 384,400 km."),
    *,
    updated: float = 1.7e9,
    nodes: Sequence[dict[str, Any]] | None = None,
    current: str | None = None,
) -> dict[str, Any]:
    """A conversation: a line of questions and answers, or the nodes given."""
    if nodes is None:
        nodes = [chatgpt_node(f"{name}-root", None, None)]
        for rank, said in enumerate(words):
            role = "assistant" if rank % 2 else "user"
            nodes = [*nodes, chatgpt_node(f"{name}-{rank}", nodes[-1]["id"], role, said, 1.7e9 + rank)]
        current = current or nodes[-1]["id"]
    return {
        "title": f"Talk {name}",
        "create_time": 1.7e9,
        "update_time": updated,
        "mapping": {node["id"]: node for node in nodes},
        "current_node": current,
        "conversation_id": name,
        "id": name,
    }


def claude(
    name: str,
    words: Sequence[str] = ("How far is the moon?", "About 384,400 km."),
    *,
    updated: str = "2025-11-14T22:13:20Z",
) -> dict[str, Any]:
    """A conversation of a Claude.ai account export, a line of questions and answers."""
    messages = [
        {
            "uuid": f"{name}-{rank}",
            "text": said,
            "content": [{"type": "text", "text": said}],
            "sender": "assistant" if rank % 2 else "human",
            "created_at": f"2025-11-14T22:13:{rank % 60:02d}.000000Z",
            "attachments": [],
            "files": [],
        }
        for rank, said in enumerate(words)
    ]
    return {
        "uuid": name,
        "name": f"Talk {name}",
        "created_at": "2025-11-14T22:13:00Z",
        "updated_at": updated,
        "account": {"uuid": "account-1"},
        "chat_messages": messages,
    }


def talk(rng: random.Random, name: str, messages: int, *, branching: float = 0.1, length: int = 40) -> dict[str, Any]:
    """A ChatGPT conversation of random words that branches now and then, with hidden and structural nodes."""
    nodes = [chatgpt_node(f"{name}-root", None, None)]
    for rank in range(messages):
        parent = rng.choice(nodes)["id"] if rng.random() < branching else nodes[-1]["id"]
        role = rng.choice(["user", "assistant", "assistant", "tool", "system"])
        words = " ".join(rng.choices(_WORDS, k=rng.randrange(1, length)))
        nodes.append(chatgpt_node(f"{name}-{rank}", parent, role, f"{words} {rng.random()}", 1.7e9 + rank))
    return chatgpt(name, nodes=nodes, current=nodes[-1]["id"], updated=1.7e9 + messages)


def talks(seed: int, conversations: int, messages: int, **shape: Any) -> list[dict[str, Any]]:
    rng = random.Random(seed)
    return [talk(rng, f"talk-{rank}", messages, **shape) for rank in range(conversations)]


def write(path: Path, value: Any, **how: Any) -> Path:
    """A JSON file; bytes are written as they are."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(value if isinstance(value, bytes) else json.dumps(value, **how).encode())
    return path


def write_zip(path: Path, members: Mapping[str, Any] | Sequence[tuple[str, Any]]) -> Path:
    """A zip of JSON values (or bytes) by name, the same bytes every time; a sequence of pairs may name one twice."""
    pairs = members.items() if isinstance(members, Mapping) else members
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, value in pairs:
            entry = zipfile.ZipInfo(name)  # without the time of day
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, value if isinstance(value, bytes) else json.dumps(value))
    return path
