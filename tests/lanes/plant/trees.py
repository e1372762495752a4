"""Conversation trees, written as the account exports of three providers."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

START = 1_750_000_000
_MINUTE = 60


@dataclass
class Said:
    """One message: who, what, below which; `extra` are fields of the provider's own form."""

    name: str
    parent: str | None
    role: str
    words: str
    at: int
    model: str = "model-a"
    extra: dict[str, Any] = field(default_factory=dict)


class Tree:
    """A conversation that grows message by message, each below the last one unless told otherwise."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.said: list[Said] = []
        self.last: str | None = None

    def add(self, role: str, words: str, *, below: str | None = "", minutes: int = 1, **fields: Any) -> str:
        """The new message's id; `below=""` is the last message, None the root."""
        rank = len(self.said)
        # Numbers as ids: DeepSeek shows the branch with the largest one.
        name = f"{self.name}-{rank + 1:03}"
        at = (self.said[-1].at if self.said else START + (hash_of(self.name) % 10_000) * 3_600) + minutes * _MINUTE
        parent = self.last if below == "" else below
        self.said.append(Said(name, parent, role, words, at, **fields))
        self.last = name
        return name

    def ask(self, words: str, **where: Any) -> str:
        return self.add("user", words, **where)

    def answer(self, words: str, **where: Any) -> str:
        return self.add("assistant", words, **where)

    def show(self, name: str) -> None:
        """Go on from here; what is added last is what the conversation shows."""
        self.last = name


def hash_of(text: str) -> int:
    value = 7
    for letter in text:
        value = (value * 31 + ord(letter)) % 1_000_003
    return value


def _iso(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.000000Z")


def chatgpt(tree: Tree) -> dict[str, Any]:
    root = f"{tree.name}-root"
    mapping: dict[str, Any] = {root: {"id": root, "parent": None, "children": [], "message": None}}
    for said in tree.said:
        metadata: dict[str, Any] = {"model_slug": said.model} if said.role == "assistant" else {}
        metadata |= said.extra.get("metadata", {})
        message = {
            "id": said.name,
            "author": {"role": said.role, "name": said.extra.get("tool"), "metadata": {}},
            "create_time": float(said.at),
            "content": said.extra.get("content", {"content_type": "text", "parts": [said.words]}),
            "status": said.extra.get("status", "finished_successfully"),
            "weight": 1.0,
            "metadata": metadata,
            "recipient": said.extra.get("recipient", "all"),
        }
        mapping[said.name] = {"id": said.name, "parent": said.parent or root, "children": [], "message": message}
    return {
        "title": tree.name,
        "create_time": float(tree.said[0].at),
        "update_time": float(tree.said[-1].at),
        "mapping": mapping,
        "current_node": tree.last,
        "conversation_id": tree.name,
        "id": tree.name,
    }


def claude(tree: Tree) -> dict[str, Any]:
    messages = [
        {
            "uuid": said.name,
            "text": said.words,
            "content": [{"type": "text", "text": said.words}],
            "sender": "human" if said.role == "user" else "assistant",
            "created_at": _iso(said.at),
            "attachments": [],
            "files": [],
            "parent_message_uuid": said.parent or "00000000-0000-4000-8000-000000000000",
        }
        for said in tree.said
    ]
    return {
        "uuid": tree.name,
        "name": tree.name,
        "created_at": _iso(tree.said[0].at),
        "updated_at": _iso(tree.said[-1].at),
        "account": {"uuid": "account-1"},
        "current_leaf_message_uuid": tree.last,
        "chat_messages": messages,
    }


def deepseek(tree: Tree) -> dict[str, Any]:
    numbers = {said.name: str(rank + 1) for rank, said in enumerate(tree.said)}
    mapping: dict[str, Any] = {"root": {"id": "root", "parent": None, "children": [], "message": None}}
    for said in tree.said:
        kind = "REQUEST" if said.role == "user" else "RESPONSE"
        number = numbers[said.name]
        mapping[number] = {
            "id": number,
            "parent": numbers[said.parent] if said.parent else "root",
            "children": [],
            "message": {
                "files": [],
                "model": "deepseek-chat",
                "inserted_at": _iso(said.at),
                "fragments": [{"type": kind, "content": said.words}],
            },
        }
    return {
        "id": tree.name,
        "title": tree.name,
        "inserted_at": _iso(tree.said[0].at),
        "updated_at": _iso(tree.said[-1].at),
        "mapping": mapping,
    }
