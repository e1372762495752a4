"""Claude.ai: every fixture pair, the rules of order and pairing, and conversations of any wrong type."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moonshine_assets.errors import Unreadable
from moonshine_assets.exports.adapters import claude
from moonshine_assets.exports.records import ExportContext, Message, ParsedConversation
from moonshine_assets.exports.tree import Arranged, arrange
from moonshine_assets.tables.blocks import BLOCK_KINDS
from moonshine_assets.tables.messages import AUTHOR_KINDS, ROLES

FIXTURES = Path(__file__).parents[1] / "fixtures" / "exports" / "claude"
PAIRS = sorted(path.name.removesuffix(".expected.json") for path in FIXTURES.glob("*.expected.json"))
ROOT = "00000000-0000-4000-8000-000000000000"


def parsed(conversation: Any) -> ParsedConversation:
    return claude.parse(json.dumps(conversation).encode(), ExportContext())


def said(uuid: str, sender: str, text: str = "x", **more: Any) -> dict[str, Any]:
    return {"uuid": uuid, "sender": sender, "content": [{"type": "text", "text": text}], **more}


def one_message(**fields: Any) -> Message:
    message = {"uuid": "m", "sender": "assistant", **fields}
    return arrange(parsed({"uuid": "c", "chat_messages": [message]})).messages[0]


def path_of(conversation: Any) -> list[str]:
    return [message.message_id for message in arrange(parsed(conversation)).messages if message.on_active_path]


def text_of(message: Message) -> str:
    return "\n\n".join(block.text for block in message.blocks if block.text)


def stamp(micros: int | None) -> str | None:
    if micros is None:
        return None
    moment = datetime.fromtimestamp(micros // 1_000_000, UTC).replace(microsecond=micros % 1_000_000)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class Reading:
    """What reading a fixture yields; copies of a conversation give way to the newest, as a run does it."""

    def __init__(self, name: str) -> None:
        document = json.loads((FIXTURES / f"{name}.json").read_text("utf-8-sig"))
        if isinstance(document, dict):
            document = document.get("conversations", [document])
        kept: dict[str, tuple[ParsedConversation, Arranged]] = {}
        self.conversations = len(document)
        self.quarantined = self.duplicate = 0
        for element in document:
            try:
                conversation = parsed(element)
            except Unreadable:
                self.quarantined += 1
                continue
            assert claude.claim(element) is not None
            assert conversation.nodes_in == len(conversation.nodes) + len(conversation.bad_nodes)
            known = kept.get(conversation.conversation_id)
            self.duplicate += known is not None
            if known is None or (conversation.updated_at or 0) >= (known[0].updated_at or 0):
                kept[conversation.conversation_id] = conversation, arrange(conversation)
        self.empty = sum(1 for _, tree in kept.values() if not tree.messages)
        self.by_conversation = {name: both for name, both in kept.items() if both[1].messages}
        trees = [tree for _, tree in self.by_conversation.values()]
        self.messages = {message.message_id: message for tree in trees for message in tree.messages}
        self.message_count = sum(len(tree.messages) for tree in trees)
        self.null_entries = sum(tree.structural for tree in trees)

    def of_conversation(self, key: str, name: str) -> Any:
        conversation, tree = self.by_conversation[name]
        if key == "active_path":
            return [message.message_id for message in tree.messages if message.on_active_path]
        return stamp(conversation.created_at if key == "created_at" else conversation.updated_at)

    def of_message(self, key: str, name: str) -> Any:
        if key == "siblings":
            children = [message for message in self.messages.values() if message.parent_id == name]
            return [message.message_id for message in sorted(children, key=lambda message: message.sibling_index)]
        message = self.messages[name]
        ids = [block.tool_call_id for block in message.blocks]
        kinds = [block.kind for block in message.blocks]
        payloads = [json.loads(block.payload) for block in message.blocks if block.payload]
        readings = {
            "texts": lambda: text_of(message),
            "blocks": lambda: kinds,
            "models": lambda: message.model,
            "statuses": lambda: message.status,
            "attachments": lambda: [attachment.name for attachment in message.attachments],
            "message_created_at": lambda: stamp(message.created_at),
            "tools": lambda: next(block.tool_name for block in message.blocks if block.tool_name),
            "error_blocks": lambda: [rank for rank, block in enumerate(message.blocks) if block.is_error],
            "citations": lambda: [
                cited["details"]["url"] for payload in payloads for cited in payload.get("citations", [])
            ],
            "tool_pairs": lambda: [
                [call, ids.index(ids[call], call + 1)]
                for call, kind in enumerate(kinds)
                if kind in ("tool_call", "artifact") and ids[call] in ids[call + 1 :]
            ],
        }
        return readings[key]()


COUNTS = ("conversations", "empty", "duplicate", "quarantined", "null_entries")
OF_CONVERSATION = ("active_path", "created_at", "updated_at")


@pytest.mark.parametrize("name", PAIRS)
def test_a_fixture_reads_as_its_expectation_says(name: str) -> None:
    expected = json.loads((FIXTURES / f"{name}.expected.json").read_text())
    reading = Reading(name)
    assert expected.pop("provider") == claude.PROVIDER
    why = expected.pop("why")
    for key, value in expected.items():
        if key in COUNTS:
            assert getattr(reading, key) == value, why
        elif key in ("messages", "visible", "hidden"):
            assert value == (0 if key == "hidden" else reading.message_count), why
        else:
            of = reading.of_conversation if key in OF_CONVERSATION else reading.of_message
            assert {item: of(key, item) for item in value} == value, why


def test_order_is_flagged_where_array_and_time_disagree() -> None:
    scrambled = [
        said("a1", "assistant", created_at="2025-02-01T10:00:01Z"),
        said("h2", "human", created_at="2025-02-01T10:00:02Z"),
        said("a2", "assistant", created_at="2025-02-01T10:00:03Z"),
        said("h1", "human", created_at="2025-02-01T10:00:00Z"),
    ]
    times_win = {"uuid": "c", "chat_messages": [scrambled[0], scrambled[2], scrambled[1], scrambled[3]]}
    assert path_of(times_win) == ["h1", "a1", "h2", "a2"]
    assert parsed(times_win).flags == ["order_inferred"]
    array_wins = {"uuid": "c", "chat_messages": scrambled}
    assert path_of(array_wins) == ["a1", "h2", "a2", "h1"]
    assert parsed(array_wins).flags == ["order_inferred"]


def test_a_message_without_time_stays_behind_its_predecessor() -> None:
    listed = [
        said("h1", "human", created_at="2025-02-01T10:00:00Z"),
        said("a1", "assistant", created_at="2025-02-01T10:00:01Z"),
        said("h2", "human"),
        said("a2", "assistant", created_at="2025-02-01T10:00:02Z"),
    ]
    conversation = {"uuid": "c", "chat_messages": listed}
    assert path_of(conversation) == ["h1", "a1", "h2", "a2"]
    assert parsed(conversation).flags == []


def test_without_any_time_the_array_is_the_order() -> None:
    listed = [said("h1", "human"), said("a1", "assistant"), said("h2", "human")]
    conversation = {"uuid": "c", "chat_messages": listed}
    assert path_of(conversation) == ["h1", "a1", "h2"]
    assert parsed(conversation).flags == []


def test_without_a_pointer_among_pointers_a_message_attaches_to_its_predecessor() -> None:
    listed = [
        said("h1", "human", parent_message_uuid=ROOT),
        None,
        said("a1", "assistant"),
        said("a2", "assistant", parent_message_uuid="h1"),
        said("h2", "human", parent_message_uuid=[1]),
    ]
    nodes = {node.node_id: node.parent_id for node in parsed({"uuid": "c", "chat_messages": listed}).nodes}
    assert nodes == {"h1": None, "m1": None, "a1": "h1", "a2": "h1", "h2": "a2"}


def test_without_parents_the_current_leaf_does_not_cut_the_conversation() -> None:
    listed = [said("h1", "human"), said("a1", "assistant"), said("h2", "human")]
    assert path_of({"uuid": "c", "current_leaf_message_uuid": "h1", "chat_messages": listed}) == ["h1", "a1", "h2"]


def test_messages_that_share_an_id_stay_apart_and_copies_count_as_duplicates() -> None:
    listed = [
        said("s", "human", "1"),
        said("s", "assistant", "2"),
        said("s", "human", "3"),
        said("s", "assistant", "2"),
    ]
    arranged = arrange(parsed({"uuid": "c", "chat_messages": listed}))
    assert [(m.message_id, m.parent_id, text_of(m)) for m in arranged.messages] == [
        ("s", None, "1"),
        ("s#2", "s", "2"),
        ("s#3", "s#2", "3"),
    ]
    assert arranged.duplicates == 1
    assert arranged.flags == ["duplicate_ids"]
    assert all(message.on_active_path for message in arranged.messages)


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("```\nThis block is not supported on your current device yet.\n```", ["raw"]),
        ("Viewing artifacts created via the Analysis Tool web feature preview isn't yet supported on mobile.", ["raw"]),
        ("Hello.\n```\nThis block is not supported on your current device yet.\n```", ["text"]),
        ("", []),
        (None, []),
        (7, ["raw"]),
    ],
)
def test_a_placeholder_is_no_text(text: Any, kinds: list[str]) -> None:
    assert [block.kind for block in one_message(text=text, content=[]).blocks] == kinds


def test_text_is_kept_where_the_blocks_bear_none() -> None:
    message = one_message(text="flat", content=[{"type": "of_tomorrow", "value": 1}])
    assert [(block.kind, block.text) for block in message.blocks] == [("text", "flat"), ("raw", None)]
    assert json.loads(message.blocks[1].payload or "") == {"type": "of_tomorrow", "value": 1}


@pytest.mark.parametrize("content", [{"a": 1}, 7, True])
def test_content_of_a_wrong_type_keeps_the_text_and_the_value(content: Any) -> None:
    message = one_message(text="flat", content=content)
    assert [block.kind for block in message.blocks] == ["text", "raw"]
    assert json.loads(message.blocks[1].payload or "") == content
    assert message.flags == ["odd_content"]


def test_content_may_be_a_bare_string() -> None:
    message = one_message(content="as it is", text="flat")
    assert [(block.kind, block.text) for block in message.blocks] == [("text", "as it is")]


@pytest.mark.parametrize(
    "part",
    [
        {"type": "redacted_thinking", "data": "zz"},
        {"type": "thinking", "thinking": "", "thinking_hidden": True},
        {"type": "thinking"},
        {"type": ["text"], "text": "x"},
        {"text": "untyped"},
        {"type": "text", "text": 12345},
        12345,
        [1],
    ],
)
def test_a_part_that_is_not_understood_is_kept_raw(part: Any) -> None:
    (block,) = one_message(content=[part]).blocks
    assert (block.kind, block.text) == ("raw", None)
    assert json.loads(block.payload or "") == part


def test_a_call_with_the_command_and_id_of_an_artifact_is_one() -> None:
    call = {"type": "tool_use", "id": "t1", "name": "create_artifact", "input": {"command": "create", "id": "a"}}
    given = {**call["input"], "content": "<p>"}  # type: ignore[dict-item]
    (block,) = one_message(content=[{**call, "input": given}]).blocks
    assert (block.kind, block.tool_name, block.tool_call_id, block.text) == ("artifact", "artifacts", "t1", "<p>")
    assert json.loads(block.arguments or "") == given
    shell = {**call, "name": "bash_tool", "input": {"command": "create"}}
    assert one_message(content=[shell]).blocks[0].kind == "tool_call"


def test_a_result_takes_the_open_call_of_its_own_message_first() -> None:
    call = {"type": "tool_use", "id": None, "name": "repl", "input": {}}
    result = {"type": "tool_result", "tool_use_id": None, "name": "repl", "content": [], "is_error": True}
    listed = [
        {"uuid": "cancelled", "sender": "assistant", "content": [call]},
        {"uuid": "whole", "sender": "assistant", "content": [call, result]},
        {"uuid": "late", "sender": "assistant", "content": [result, result]},
    ]
    cancelled, whole, late = arrange(parsed({"uuid": "c", "chat_messages": listed})).messages
    assert [block.tool_call_id for block in whole.blocks] == ["pair-1", "pair-1"]
    assert [block.tool_call_id for block in cancelled.blocks] == ["pair-2"]
    assert [block.tool_call_id for block in late.blocks] == ["pair-2", None]
    assert all(message.flags == ["call_id_inferred"] for message in (cancelled, whole, late))


def test_other_items_of_a_result_stay_in_its_payload() -> None:
    image = {"type": "image", "file_uuid": "f"}
    page = {"type": "knowledge", "title": "Kites", "url": "https://example.org", "metadata": {}}
    result = {"type": "tool_result", "tool_use_id": 7, "name": "n", "content": [page, "bare", image, None]}
    (block,) = one_message(content=[result]).blocks
    assert block.text == "Kites\nhttps://example.org\nbare"
    assert block.tool_call_id == "7"
    assert json.loads(block.payload or "") == {"content": [image]}


def test_files_of_both_generations_are_listed_once() -> None:
    photo = {"file_kind": "image", "file_uuid": "f1", "file_name": "image", "thumbnail_url": "/x"}
    message = one_message(content=[], files_v2=[photo], files=[photo, {"file_name": "b.pdf"}], attachments=[3, None])
    assert [block.kind for block in message.blocks] == ["raw", "image", "file"]
    assert [(found.attachment_id, found.name) for found in message.attachments] == [("f1", "image"), (None, "b.pdf")]
    assert message.flags == ["odd_content"]


def test_an_attachment_carries_its_text_type_and_size() -> None:
    pasted = {"file_name": "n.md", "file_size": 12, "file_type": "text/markdown", "extracted_content": "# N"}
    message = one_message(sender="human", text="", attachments=[pasted, {**pasted, "file_size": -1}])
    assert [block.text for block in message.blocks] == ["# N", "# N"]
    assert [(found.mime_type, found.size_bytes) for found in message.attachments] == [
        ("text/markdown", 12),
        ("text/markdown", None),
    ]


@pytest.mark.parametrize(
    ("fields", "role", "author", "flags"),
    [
        ({"sender": "human"}, "user", "human", []),
        ({"sender": "assistant"}, "assistant", "model", []),
        ({"sender": None, "role": "user"}, "user", "human", []),
        ({"sender": "tool"}, "tool", "tool", []),
        ({"sender": "system"}, "system", "provider_injected", []),
        ({"sender": "stranger"}, "system", "provider_injected", ["unknown_role"]),
        ({"sender": ["human"]}, "system", "provider_injected", ["unknown_role"]),
        ({"sender": None}, "system", "provider_injected", ["unknown_role"]),
    ],
)
def test_who_speaks(fields: dict[str, Any], role: str, author: str, flags: list[str]) -> None:
    message = one_message(**fields)
    assert (message.role, message.author_kind, message.flags, message.visible) == (role, author, flags, True)


def test_the_api_form_names_model_project_and_why_an_answer_stopped() -> None:
    answer = said("a1", "assistant", stop_reason="max_tokens", truncated=True)
    conversation = parsed(
        {
            "uuid": "c",
            "name": "",
            "model": "claude-x",
            "project": {"uuid": "p1", "name": "P"},
            "chat_messages": [said("h1", "human"), answer],
        }
    )
    assert (conversation.shape, conversation.default_model, conversation.project, conversation.title) == (
        "claude-api",
        "claude-x",
        "p1",
        None,
    )
    question, reply = arrange(conversation).messages
    assert (question.model, reply.model, reply.status, reply.stop_reason) == (
        None,
        "claude-x",
        "truncated",
        "max_tokens",
    )


@pytest.mark.parametrize(
    ("conversation", "shape"),
    [
        ({"chat_messages": []}, "claude-2024"),
        ({"summary": "", "chat_messages": [said("a", "human")]}, "claude-2025-09"),
        ({"chat_messages": [{"uuid": "a", "content": [{"type": "text", "flags": None}]}]}, "claude-2025-10"),
        ({"chat_messages": [said("a", "human", parent_message_uuid=ROOT)]}, "claude-2026"),
        ({"is_starred": False, "chat_messages": [said("a", "human", parent_message_uuid=ROOT)]}, "claude-api"),
        ({"messages": [{"role": "user", "content": "x"}]}, "claude-privacy"),
        ({"messages": [{"role": "user", "content": {"content": "x", "authorName": "n"}}]}, "claude-design"),
    ],
)
def test_the_shape_is_told_by_the_keys(conversation: dict[str, Any], shape: str) -> None:
    element = {"uuid": "c", "name": "n", **conversation}
    assert parsed(element).shape == shape
    found = claude.claim(element)
    assert found is not None
    assert found.shape == shape


def test_a_design_chat_is_unwrapped() -> None:
    call = {"id": "t1", "name": "write_file", "input": {"path": "a.html"}, "output": "Wrote 11 characters"}
    chat = {
        "uuid": "d",
        "title": "Poster",
        "project": {"uuid": "p", "name": "Print"},
        "messages": [
            {
                "uuid": "h1",
                "role": "user",
                "content": {
                    "content": "Make it blue",
                    "authorAccountUuid": "acct-1",
                    "timestamp": "2026-08-01T10:00:01.000Z",
                    "attachments": [{"type": "text", "name": "brief", "content": "A0"}],
                },
            },
            {
                "uuid": "a1",
                "created_at": "2026-08-01T10:00:02.000Z",
                "content": {
                    "role": "assistant",
                    "content": "flat copy",
                    "contentBlocks": [
                        {"type": "thinking", "thinking": "Blue."},
                        {"type": "tool_call", "toolCall": call},
                        {"type": "text", "text": "Done."},
                        {"type": "of_tomorrow"},
                    ],
                },
            },
        ],
    }
    conversation = parsed(chat)
    assert (conversation.title, conversation.project, conversation.flags) == ("Poster", "p", [])
    prompt, answer = arrange(conversation).messages
    assert (prompt.role, prompt.created_at, text_of(prompt)) == ("user", 1785578401000000, "Make it blue\n\nA0")
    assert [block.kind for block in answer.blocks] == ["thinking", "tool_call", "tool_result", "text", "raw"]
    assert [block.tool_call_id for block in answer.blocks[1:3]] == ["t1", "t1"]
    assert text_of(answer) == 'Blue.\n\n{"path":"a.html"}\n\nWrote 11 characters\n\nDone.'


@pytest.mark.parametrize(
    "element",
    [
        {"messages": [{"role": "user", "content": "x"}]},
        {"id": "c", "title": "t", "messages": [{"role": "user", "content": "x"}]},
        {"uuid": "c", "name": "n", "messages": [{"isCreatedByUser": True, "text": "x"}]},
        {"uuid": "c", "name": "n", "messages": [{"author": {"role": "user"}, "content": {"content_type": "text"}}]},
        {"uuid": "p", "name": "A project", "docs": [], "creator": {"uuid": "u"}},
        {"uuid": "u", "full_name": "N", "email_address": "n@example.org"},
        {"mapping": {}, "current_node": "x"},
        {"chat_messages": "lost"},
    ],
)
def test_what_is_not_claudes_is_not_claimed(element: dict[str, Any]) -> None:
    assert claude.claim(element) is None


def test_a_conversation_without_messages_is_still_recognised() -> None:
    assert claude.claim({"uuid": "c", "name": "n", "account": {"uuid": "u"}}) is not None
    assert claude.claim({"uuid": "c", "name": "n", "chat_messages": {"h1": {}}}) is not None


def test_odd_entries_do_not_hinder_recognition() -> None:
    assert claude.claim({"uuid": "c", "chat_messages": ["\ud83d", None, 7]}) is not None
    assert claude.claim({"uuid": "c", "name": "n", "messages": ["\ud83d", None, 7]}) is not None


def test_conversation_members_are_the_batches_then_the_design_chats() -> None:
    names = [
        "data/design_chats/b.json",
        "data/design_chats/a.json",
        "data/conversations-0010.json",
        "data/conversations-0002.json",
        "data/users.json",
        "data/projects/p.json",
        "__MACOSX/data/._conversations.json",
    ]
    found = claude.conversation_members(dict.fromkeys(names, 1), lambda name: None)
    assert found == [names[3], names[2], names[1], names[0]]
    assert [name for name in names if claude.sidecar(name)] == ["data/users.json", "data/projects/p.json"]


@pytest.mark.parametrize(
    ("head", "found"),
    [
        (b'[{"uuid":"c","chat_messages":[', ["conversations.json"]),
        (b'[{"title":"t","mapping":{', []),
        (None, []),
    ],
)
def test_a_bare_conversations_file_is_told_by_its_first_bytes(head: bytes | None, found: list[str]) -> None:
    assert claude.conversation_members({"conversations.json": 9}, lambda name: head) == found


def test_ids_fall_back_to_what_there_is() -> None:
    listed = [{"id": "own", "sender": "human", "text": "a"}, {"sender": "assistant", "text": "b"}]
    anonymous = parsed({"chat_messages": listed})
    assert [node.node_id for node in anonymous.nodes] == ["own", "m1"]
    assert anonymous.conversation_id.startswith("anon-")
    assert len(anonymous.conversation_id) == len("anon-") + 16
    assert parsed({"id": 7, "chat_messages": []}).conversation_id == "7"


def test_entries_that_are_no_messages_are_bad_nodes_and_the_rest_is_read() -> None:
    conversation = parsed(
        {"uuid": "c", "chat_messages": [said("h1", "human"), "odd", None, [1], said("a1", "assistant")]}
    )
    assert conversation.nodes_in == 5
    assert [bad.raw for bad in conversation.bad_nodes] == [b'"odd"', b"[1]"]
    arranged = arrange(conversation)
    assert [message.message_id for message in arranged.messages] == ["h1", "a1"]
    assert arranged.structural == 1


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"null",
        b'"text"',
        b"{}",
        b'{"uuid":"c"}',
        b'{"chat_messages":"lost"}',
        b'{"chat_messages":{}}',
        b'{"chat_messages":null,"messages":7}',
        b'{"chat_messages":[',
        b'{"chat_messages":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    ],
)
def test_what_cannot_be_read_is_unreadable(data: bytes) -> None:
    with pytest.raises(Unreadable):
        claude.parse(data, ExportContext())


def test_text_that_utf8_cannot_carry_is_repaired_and_flagged() -> None:
    data = b'{"uuid":"c","chat_messages":[{"uuid":"h","sender":"human","text":"a\\ud83d b\\u0000"}]}'
    conversation = claude.parse(memoryview(data), ExportContext())
    assert text_of(arrange(conversation).messages[0]) == "a\ufffd b"
    assert conversation.flags == ["nul_stripped", "surrogate_replaced"]


def test_a_time_without_zone_is_utc_and_flagged() -> None:
    conversation = parsed({"uuid": "c", "created_at": "2025-02-01T10:00:00.5", "chat_messages": []})
    assert conversation.created_at == 1738404000500000
    assert conversation.flags == ["time_without_zone"]


WHOLE: dict[str, Any] = {
    "uuid": "c",
    "name": "Kites",
    "summary": "",
    "model": "claude-x",
    "project": {"uuid": "p", "name": "P"},
    "current_leaf_message_uuid": "a1",
    "created_at": "2026-02-03T10:00:00Z",
    "updated_at": "2026-02-03T10:00:00",
    "chat_messages": [
        {
            "uuid": "h1",
            "sender": "human",
            "text": "",
            "created_at": "2026-02-03T10:00:01Z",
            "parent_message_uuid": ROOT,
            "content": [{"type": "text", "text": "Which?", "citations": [{"details": {"url": "u"}}]}],
            "attachments": [{"file_name": "a.txt", "file_size": 1, "file_type": "txt", "extracted_content": "A"}],
            "files": [{"file_name": "b.png", "file_uuid": "f"}],
            "files_v2": [{"file_kind": "image", "file_name": "b.png", "file_uuid": "f"}],
        },
        None,
        {
            "uuid": "a1",
            "sender": "assistant",
            "text": "Red.",
            "created_at": "2026-02-03T10:00:02Z",
            "parent_message_uuid": "h1",
            "stop_reason": "end_turn",
            "truncated": False,
            "content": [
                {"type": "thinking", "thinking": "Hm.", "summaries": [{"summary": "s"}]},
                {"type": "tool_use", "id": None, "name": "artifacts", "input": {"id": "a", "command": "create"}},
                {
                    "type": "tool_result",
                    "tool_use_id": None,
                    "name": "artifacts",
                    "content": [{"type": "knowledge", "title": "t", "url": "u"}, {"type": "text", "text": "OK"}],
                    "is_error": False,
                },
            ],
        },
    ],
}
DESIGN: dict[str, Any] = {
    "uuid": "d",
    "title": "T",
    "project": {"uuid": "p", "name": "P"},
    "messages": [
        {
            "uuid": "a1",
            "role": "assistant",
            "created_at": "2026-02-03T10:00:00Z",
            "content": {
                "id": "i",
                "role": "assistant",
                "content": "flat",
                "contentBlocks": [
                    {"type": "text", "text": "x"},
                    {"type": "tool_call", "toolCall": {"id": "t", "name": "n", "input": {}, "output": "o"}},
                ],
                "attachments": [{"type": "image", "name": "s.png"}],
                "timestamp": "2026-02-03T10:00:00Z",
                "authorName": "n",
            },
        }
    ],
}
WRONG: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    2**70,
    1.5,
    "",
    "odd",
    [],
    [None],
    [[]],
    ["x"],
    {},
    {"type": {}},
    {"a": []},
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, item in inner for place in places(item, (*path, key)))]


def replaced(whole: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    result = copy.deepcopy(whole)
    holder = result
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = value
    return result


def survives(value: Any) -> None:
    """Either unreadable, or read with every entry accounted for and every value one the tables take."""
    if isinstance(value, dict):
        claude.claim(value)
    try:
        conversation = parsed(value)
    except Unreadable:
        return
    assert conversation.nodes_in == len(conversation.nodes) + len(conversation.bad_nodes)
    arranged = arrange(conversation)
    kept = len(arranged.messages) + arranged.structural + arranged.duplicates + len(conversation.bad_nodes)
    assert kept == conversation.nodes_in
    assert isinstance(conversation.conversation_id, str)
    for message in arranged.messages:
        assert message.role in ROLES
        assert message.author_kind in AUTHOR_KINDS
        for block in message.blocks:
            assert block.kind in BLOCK_KINDS
            (block.text or "").encode()
            for document in (block.arguments, block.payload):
                assert document is None or json.loads(document) is not None or document == "null"


@pytest.mark.parametrize("whole", [WHOLE, DESIGN], ids=["chat", "design"])
@pytest.mark.parametrize("wrong", WRONG, ids=repr)
def test_a_value_of_a_wrong_type_anywhere_is_survived(whole: dict[str, Any], wrong: Any) -> None:
    for place in places(whole):
        survives(replaced(whole, place, wrong))


JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["text", "h1", ROOT, "tool_use"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text() | st.just("type"), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=400, deadline=None)
@given(
    whole=st.sampled_from([WHOLE, DESIGN]),
    changes=st.lists(st.tuples(st.integers(min_value=0), JSON_VALUES), min_size=1, max_size=4),
)
def test_random_values_at_random_places_are_survived(whole: dict[str, Any], changes: list[tuple[int, Any]]) -> None:
    value: Any = whole
    for choice, wrong in changes:
        found = places(value)
        value = replaced(value, found[choice % len(found)], wrong)
    survives(value)


@settings(max_examples=300, deadline=None)
@given(st.integers(min_value=0), st.binary(max_size=8), st.integers(min_value=0, max_value=8))
def test_damaged_bytes_are_unreadable_or_accounted_for(start: int, patch: bytes, cut: int) -> None:
    data = json.dumps(WHOLE).encode()
    start %= len(data)
    damaged = data[:start] + patch + data[start + cut :]
    try:
        conversation = claude.parse(damaged, ExportContext())
    except Unreadable:
        return
    assert conversation.nodes_in == len(conversation.nodes) + len(conversation.bad_nodes)


@pytest.mark.parametrize("key", ["chat_messages", "messages"])
def test_a_conversation_reads_alike_typed_repaired_and_plain(key: str) -> None:
    whole = {"chat_messages": WHOLE, "messages": DESIGN}[key]
    typed = parsed(whole)
    repaired = parsed({**whole, "unread": "\ud83d"})
    assert repaired.flags == sorted({*typed.flags, "surrogate_replaced"})
    plain = parsed({**whole, key: [*whole[key], "odd"]})
    assert len(plain.bad_nodes) == 1
    for other in (repaired, plain):
        assert (other.nodes, other.shape, other.title) == (typed.nodes, typed.shape, typed.title)
        assert (other.current, other.project, other.created_at) == (typed.current, typed.project, typed.created_at)
