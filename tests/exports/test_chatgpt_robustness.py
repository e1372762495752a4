"""Any value may stand anywhere in a ChatGPT conversation: it is read or Unreadable, and every node is counted."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from moonshine_assets.errors import Unreadable
from moonshine_assets.exports import tree
from moonshine_assets.exports.adapters import chatgpt
from moonshine_assets.exports.records import ExportContext, ParsedConversation
from moonshine_assets.tables.blocks import BLOCK_KINDS
from moonshine_assets.tables.messages import AUTHOR_KINDS, ROLES

CONTEXT = ExportContext(members={"file-1-a.png": 1}, asset_names={"file-2": "b"}, asset_facts={"file-1": {"name": "a"}})


def _node(parent: str | None, role: str, content: Any, recipient: str = "all", **metadata: Any) -> dict[str, Any]:
    return {
        "id": "x",
        "parent": parent,
        "children": [],
        "message": {
            "id": "m",
            "author": {"role": role, "name": "python" if role == "tool" else None, "metadata": {}},
            "create_time": 1.7e9,
            "update_time": None,
            "content": content,
            "status": "finished_successfully",
            "end_turn": True,
            "weight": 1.0,
            "metadata": metadata,
            "recipient": recipient,
            "channel": None,
        },
    }


IMAGE = {"content_type": "image_asset_pointer", "asset_pointer": "file-service://file-1", "size_bytes": 1}
VOICE = {
    "content_type": "real_time_user_audio_video_asset_pointer",
    "audio_asset_pointer": {"asset_pointer": "sediment://file_2", "size_bytes": 2},
    "frames_asset_pointers": [{"asset_pointer": "sediment://file_3"}, "sediment://file_4"],
}

#: One conversation with every construct that is looked into.
WHOLE: dict[str, Any] = {
    "conversation_id": "c",
    "id": "c",
    "title": "t",
    "create_time": 1.7e9,
    "update_time": 1.7e9,
    "current_node": "report",
    "default_model_slug": "gpt-4o",
    "gizmo_id": "g-1",
    "mapping": {
        "root": {"id": "root", "parent": None, "children": ["ctx"], "message": None},
        "ctx": _node(
            "root",
            "user",
            {"content_type": "user_editable_context", "user_profile": "p", "user_instructions": "i"},
            user_context_message_data={"about_user_message": "p"},
            is_visually_hidden_from_conversation=True,
        ),
        "ask": _node(
            "ctx",
            "user",
            {"content_type": "multimodal_text", "parts": ["q", IMAGE, VOICE, {"text": "v"}]},
            attachments=[{"id": "file-1", "name": "a.png", "size": 1, "mime_type": "image/png"}],
        ),
        "think": _node(
            "ask", "assistant", {"content_type": "thoughts", "thoughts": [{"summary": "s", "content": "c"}]}
        ),
        "call": _node("think", "assistant", {"content_type": "code", "language": "json", "text": '{"a":1}'}, "python"),
        "draw": _node(
            "call",
            "tool",
            {"content_type": "execution_output", "text": "55"},
            aggregate_result={"status": "success", "messages": [{"image_url": "file-service://file-2"}]},
        ),
        "doc": _node(
            "draw", "assistant", {"content_type": "text", "parts": ['{"updates":[{"replacement":"r"}]}']}, "canmore.x"
        ),
        "answer": _node(
            "doc",
            "assistant",
            {"content_type": "text", "parts": ["a \ue200cite\ue202x\ue201"]},
            content_references=[{"matched_text": "\ue200cite\ue202x\ue201", "alt": "A", "title": "T"}],
            model_slug="gpt-4o",
            finish_details={"type": "stop"},
        ),
        "report": _node(
            "answer",
            "tool",
            {"content_type": "tether_browsing_display", "result": "r", "summary": "s"},
            chatgpt_sdk={"widget_state": {"report_message": {"content": {"parts": ["R"]}}}},
        ),
    },
}

VALUES: list[Any] = [
    None,
    True,
    0,
    -1,
    10**30,
    1.5,
    1e300,
    "",
    "x",
    "\x00",
    "\ud83d",
    [],
    [None],
    [[]],
    ["x", 1, {}],
    {},
    {"": None},
    {"x": {"x": []}},
    {"content_type": 1, "parts": 1, "text": 1},
    float("nan"),
    float("inf"),
]


def paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    if isinstance(value, dict):
        for key, item in value.items():
            found += paths(item, (*path, key))
    if isinstance(value, list):
        for rank, item in enumerate(value):
            found += paths(item, (*path, rank))
    return found


def replaced(value: Any, path: tuple[Any, ...], by: Any) -> Any:
    changed = copy.deepcopy(value)
    inner = changed
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = by
    return changed


def accounted(data: bytes) -> ParsedConversation | None:
    """Parse and check what must hold of every conversation; None when it is Unreadable."""
    try:
        parsed = chatgpt.parse(data, CONTEXT)
    except Unreadable:
        return None
    assert parsed.nodes_in == len(parsed.nodes) + len(parsed.bad_nodes)
    arranged = tree.arrange(parsed)
    assert parsed.nodes_in == (
        len(arranged.messages) + arranged.structural + arranged.duplicates + len(parsed.bad_nodes)
    )
    strings = [parsed.conversation_id, parsed.title, parsed.current, parsed.default_model, parsed.project]
    for message in arranged.messages:
        assert message.role in ROLES
        assert message.author_kind in AUTHOR_KINDS
        strings += [message.message_id, message.alias_id, message.author_name, message.recipient, message.model]
        strings += [message.status, message.stop_reason]
        for block in message.blocks:
            assert block.kind in BLOCK_KINDS
            assert block.is_error in (None, True, False)
            for document in (block.arguments, block.payload):
                if document is not None:
                    json.loads(document)
            strings += [block.text, block.tool_name]
        for attachment in message.attachments:
            assert attachment.size_bytes is None or 0 <= attachment.size_bytes < 2**63
            strings += [attachment.attachment_id, attachment.name, attachment.mime_type, attachment.member]
    for text in strings:
        assert text is None or "\x00" not in text.encode().decode()
    return parsed


@pytest.mark.parametrize("path", paths(WHOLE), ids=lambda path: "/".join(map(str, path)))
def test_any_field_may_have_any_type(path: tuple[Any, ...]) -> None:
    for value in VALUES:
        parsed = accounted(json.dumps(replaced(WHOLE, path, value)).encode())
        if path != ("mapping",):
            assert parsed is not None
            assert parsed.nodes_in == len(WHOLE["mapping"])


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["content_type", "parts", "text", "id", "x", "\x00"]), inner, max_size=4)
    ),
    max_leaves=8,
)


@settings(max_examples=400, deadline=None)
@given(changes=st.lists(st.tuples(st.sampled_from(paths(WHOLE)), ANYTHING), min_size=1, max_size=4))
@example(changes=[(("mapping", "ask", "parent"), {"x": 1})])
def test_random_values_at_random_places_are_read_or_unreadable(changes: list[tuple[tuple[Any, ...], Any]]) -> None:
    conversation = WHOLE
    for path, value in changes:
        try:
            conversation = replaced(conversation, path, value)
        except (KeyError, IndexError, TypeError, AttributeError):
            continue  # an earlier change took the place away
    parsed = accounted(json.dumps(conversation).encode())
    mapping = conversation["mapping"]
    if isinstance(mapping, dict):
        assert parsed is not None
        assert parsed.nodes_in == len(mapping)


@settings(max_examples=300, deadline=None)
@given(at=st.integers(0, 4000), cut=st.integers(0, 6), put=st.binary(max_size=6))
def test_damaged_bytes_are_read_or_unreadable(at: int, cut: int, put: bytes) -> None:
    data = json.dumps(WHOLE).encode()
    accounted(data[:at] + put + data[at + cut :])
