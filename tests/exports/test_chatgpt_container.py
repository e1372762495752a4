"""Which files of a ChatGPT export hold conversations, which are sidecars, and whose conversation is whose."""

from __future__ import annotations

import json
from typing import Any

import pytest

from moonshine_assets.errors import BadInput
from moonshine_assets.exports.adapters import chatgpt


def members(files: dict[str, Any]) -> list[str]:
    stored = {name: json.dumps(value).encode() for name, value in files.items()}
    return chatgpt.conversation_members({name: len(data) for name, data in stored.items()}, stored.get)


def manifest(*files: Any) -> dict[str, Any]:
    return {"export_files": [], "logical_files": {"conversations.json": {"files": list(files), "sharded": True}}}


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"user.json": 0, "conversations.json": 0, "chat.html": 0}, ["conversations.json"]),
        ({"mine/conversations.json": 0, "__MACOSX/mine/conversations.json": 0}, ["mine/conversations.json"]),
        (
            {"conversations-10.json": 0, "conversations-9.json": 0, "conversations-000.json": 0},
            ["conversations-000.json", "conversations-9.json", "conversations-10.json"],
        ),
        (
            {"d/export_manifest.json": manifest("b.json", {"path": "a.json"}), "d/a.json": 0, "d/b.json": 0},
            ["d/b.json", "d/a.json"],
        ),
        (
            {"sites/export_manifest.json": {"logical_files": {}}, "conversations.json": 0},
            ["conversations.json"],
        ),
        ({"export_manifest.json": {"logical_files": []}, "conversations-1.json": 0}, ["conversations-1.json"]),
        ({"export_manifest.json": manifest(3, None), "conversations.json": 0}, ["conversations.json"]),
        ({"a/conversations.json": 0, "b/conversations-0.json": 0}, ["a/conversations.json", "b/conversations-0.json"]),
        ({"chat.html": 0, "user.json": 0}, ["chat.html"]),
        ({"notes.json": 0, "conversations-x.json": 0}, []),
        (
            {"conversations-001.json": 0, "conversations.json": 0, "conversations-000.json": 0},
            ["conversations.json", "conversations-000.json", "conversations-001.json"],
        ),
        (
            {"export_manifest.json": manifest("conversations-001.json"), "conversations-001.json": 0}
            | {"conversations-000.json": 0},
            ["conversations-001.json", "conversations-000.json"],
        ),
    ],
    ids=range(12),
)
def test_conversation_files_come_in_order(files: dict[str, Any], expected: list[str]) -> None:
    assert members(files) == expected


def test_a_shard_the_manifest_lists_but_the_export_lacks_is_named() -> None:
    with pytest.raises(BadInput, match=r"conversations-001\.json"):
        members(
            {
                "export_manifest.json": manifest("conversations-000.json", "conversations-001.json"),
                "conversations-000.json": 0,
            }
        )


def test_a_damaged_manifest_does_not_hide_the_shards() -> None:
    stored = {"export_manifest.json": b"{", "conversations-000.json": b"[]"}
    assert chatgpt.conversation_members(dict.fromkeys(stored, 2), stored.get) == ["conversations-000.json"]


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("message_feedback.json", True),
        ("x/sites/export_manifest.json", True),
        ("shopping-001.json", True),
        ("chat.html", True),
        ("conversations.json", False),
        ("file-1-user.json", False),
    ],
)
def test_sidecars_are_known(name: str, known: bool) -> None:
    assert chatgpt.sidecar(name) is known


def test_sidecars_tell_names_and_facts_of_files() -> None:
    stored = {
        "e/conversation_asset_file_names.json": json.dumps({"file_1.dat": "plan.pdf", "file_2.dat": None}).encode(),
        "e/library_files.json": json.dumps(
            [
                {"file_id": "file_1", "file_name": "plan.pdf", "mime_type": "application/pdf", "file_size_bytes": 9},
                3,
                {},
            ]
        ).encode(),
        "e/file_1.dat": b"x",
    }
    context = chatgpt.context(stored.get, {name: len(data) for name, data in stored.items()})
    assert context.asset_names == {"file_1.dat": "plan.pdf"}
    assert context.asset_facts == {"file_1": {"name": "plan.pdf", "mime_type": "application/pdf", "size_bytes": 9}}


def test_damaged_sidecars_say_nothing() -> None:
    stored = {"conversation_asset_file_names.json": b"{", "library_files.json": b'{"a": 1}'}
    context = chatgpt.context(stored.get, {name: len(data) for name, data in stored.items()})
    assert (context.asset_names, context.asset_facts) == ({}, {})


NODE = {"message": {"author": {"role": "user"}, "content": {"content_type": "text"}}}


@pytest.mark.parametrize(
    ("element", "claimed"),
    [
        ({"mapping": {"a": NODE}}, True),
        ({"mapping": {}, "title": ""}, True),
        ({"mapping": {"a": {"message": None}}, "current_node": "a"}, True),
        ({"linear_conversation": [{"id": "root"}, NODE]}, True),
        ({"messages": [NODE["message"]]}, True),
        ({"title": "lost", "default_model_slug": "gpt-5"}, True),
        ({"mapping": {"a": NODE}, "inserted_at": "2025-01-01", "current_node": "a"}, False),
        ({"mapping": {"a": {"message": {"fragments": [], "author": {"role": "user"}}}}, "current_node": "a"}, False),
        ({"chat": {"history": {"messages": {}}}, "messages": [NODE["message"]], "title": "open web ui"}, False),
        ({"chat_messages": [], "uuid": "claude"}, False),
        ({"messages": [{"isCreatedByUser": True, "text": "x"}], "conversationId": "libre"}, False),
        ({"messages": [{"author": {"id": "1", "name": "a chat room"}, "content": "x"}]}, False),
        ({"mapping": {"a": {"x": 1}, "b": 3}}, True),
        ({"mapping": 3, "current_node": "a"}, False),
        ({"messages": [3, None], "x": 1}, False),
        ({}, False),
    ],
    ids=range(16),
)
def test_only_own_conversations_are_claimed(element: dict[str, Any], claimed: bool) -> None:
    assert (chatgpt.claim(element) is not None) is claimed
