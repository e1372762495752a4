"""ChatGPT conversations: what becomes of content, calls, marks, files and repairs beyond the fixture pairs."""

from __future__ import annotations

import json
from typing import Any

import pytest

from moonshine_assets.errors import Unreadable
from moonshine_assets.exports import tree
from moonshine_assets.exports.adapters import chatgpt
from moonshine_assets.exports.records import Block, ExportContext, Message, ParsedConversation

NO_CONTEXT = ExportContext()


def parse(conversation: Any, context: ExportContext = NO_CONTEXT) -> ParsedConversation:
    return chatgpt.parse(json.dumps(conversation).encode(), context)


def conversation(**nodes: Any) -> dict[str, Any]:
    return {"conversation_id": "c", "title": "t", "create_time": 1.7e9, "update_time": 1.7e9, "mapping": nodes}


def message(role: str, content: Any, **more: Any) -> dict[str, Any]:
    if isinstance(content, str):
        content = {"content_type": "text", "parts": [content]}
    return {"id": "m", "author": {"role": role, "name": more.pop("name", None)}, "content": content, **more}


def only(wire: Any, context: ExportContext = NO_CONTEXT, **fields: Any) -> Message:
    """The one message of a conversation that holds nothing else."""
    parsed = parse({**conversation(m={"id": "m", "parent": None, "message": wire}), **fields}, context)
    found = parsed.nodes[0].message
    assert found is not None
    return found


def payload(block: Block) -> Any:
    assert block.payload is not None
    return json.loads(block.payload)


@pytest.mark.parametrize(
    ("role", "author_kind", "visible"),
    [
        ("user", "human", True),
        ("assistant", "model", True),
        ("tool", "tool", False),
        ("system", "provider_injected", True),
    ],
)
def test_author_kind_follows_the_role(role: str, author_kind: str, visible: bool) -> None:
    found = only(message(role, "x"))
    assert (found.role, found.author_kind, found.visible) == (role, author_kind, visible)


def test_hidden_user_text_is_not_taken_for_a_persons() -> None:
    found = only(message("user", "x", metadata={"is_visually_hidden_from_conversation": True}))
    assert (found.author_kind, found.visible) == ("provider_injected", False)


@pytest.mark.parametrize(
    ("wire", "role"),
    [
        (message("Assistant", "x"), "assistant"),
        (message("developer", "x"), "system"),
        (message("critic", "x"), "system"),
        (message("critic", "x", name="python"), "tool"),
        (message("critic", "x", recipient="python"), "assistant"),
        ({"content": "x", "role": "human"}, "user"),
        ({"author": {"role": ["user"]}, "content": "x", "metadata": {"model_slug": "gpt-4"}}, "assistant"),
        ({"content": "x"}, "system"),
    ],
)
def test_an_unknown_role_is_mapped_and_flagged(wire: Any, role: str) -> None:
    found = only(wire)
    assert (found.role, found.flags, found.blocks[0].text) == (role, ["unknown_role"], "x")


def test_a_bare_role_beside_the_content_is_the_role() -> None:
    assert only({"role": "user", "content": "x"}).flags == []


def test_a_call_keeps_its_arguments_only_when_they_are_a_json_object() -> None:
    code = {"content_type": "code", "language": "json", "text": '{"q": "x"}'}
    call = only(message("assistant", code, recipient="web.run")).blocks[0]
    assert (call.kind, call.text, call.tool_name, call.arguments) == (
        "tool_call",
        '{"q": "x"}',
        "web.run",
        '{"q": "x"}',
    )
    assert payload(call) == {"language": "json"}
    for text in ('{"q": ', '["q"]', "search(x)"):
        assert only(message("assistant", text, recipient="web.run")).blocks[0].arguments is None


def test_a_canvas_call_that_is_not_json_keeps_its_text() -> None:
    found = only(message("assistant", "- socks", recipient="canmore.create_textdoc")).blocks
    assert found == [Block("artifact", text="- socks", tool_name="canmore.create_textdoc")]


def test_a_canvas_answer_keeps_which_document_it_is_about() -> None:
    wire = message("tool", "done", name="canmore.create_textdoc", metadata={"canvas": {"textdoc_id": "d"}})
    assert payload(only(wire).blocks[0]) == {"canvas": {"textdoc_id": "d"}}


@pytest.mark.parametrize(
    ("aggregate", "is_error"),
    [
        ({"status": "success"}, False),
        ({"status": "failed_with_response_timeout"}, True),
        ({"status": "success", "in_kernel_exception": {"name": "E"}}, True),
        ({"status": "running"}, None),
        ({"status": 3}, None),
        ("lost", None),
    ],
)
def test_a_result_is_an_error_only_when_the_export_says_so(aggregate: Any, is_error: bool | None) -> None:
    wire = message("tool", {"content_type": "execution_output", "text": "x"}, metadata={"aggregate_result": aggregate})
    assert only(wire).blocks[0].is_error is is_error


def test_a_drawn_picture_makes_the_result_visible_and_an_attachment() -> None:
    aggregate = {"messages": [{"message_type": "image", "image_url": "file-service://file-Plot1"}]}
    content = {"content_type": "execution_output", "text": "<Figure>"}
    found = only(message("tool", content, metadata={"aggregate_result": aggregate}))
    assert [block.kind for block in found.blocks] == ["tool_result", "image"]
    assert found.visible
    assert [attachment.attachment_id for attachment in found.attachments] == ["file-Plot1"]


def test_every_key_of_a_fetched_page_is_kept() -> None:
    content = {"content_type": "tether_quote", "url": "https://example.org", "title": "T", "domain": None, "text": "x"}
    block = only(message("tool", content, name="browser")).blocks[0]
    assert (block.text, payload(block)) == ("x", {"url": "https://example.org", "title": "T"})


def test_unknown_content_is_kept_whole() -> None:
    content = {"content_type": "super_widget", "widget": {"a": [1, None]}}
    assert payload(only(message("assistant", content)).blocks[0]) == content
    assert payload(only({**message("user", ""), "content": [1, "x"]}).blocks[0]) == [1, "x"]


def test_strings_around_an_object_part_are_joined_per_run() -> None:
    parts = ["a", "b", {"content_type": "image_asset_pointer", "asset_pointer": "sediment://file_1"}, "c", None, "d"]
    found = only(message("user", {"content_type": "multimodal_text", "parts": parts})).blocks
    assert [(block.kind, block.text) for block in found] == [("text", "a\nb"), ("image", None), ("text", "c\nd")]


def test_a_message_without_text_has_no_blocks() -> None:
    assert only(message("user", "")).blocks == []
    assert only(message("user", {})).blocks == []


def test_reasoning_in_the_analysis_channel_is_thinking_and_commentary_says_so() -> None:
    assert only(message("assistant", "x", channel="analysis")).blocks == [Block("thinking", text="x")]
    assert payload(only(message("assistant", "x", channel="commentary")).blocks[0]) == {"channel": "commentary"}
    assert only(message("assistant", "x", channel="final")).blocks == [Block("text", text="x")]


def test_instructions_that_stand_only_in_metadata_are_hidden_text() -> None:
    data = {"about_user_message": "I sail.", "about_model_message": "Use knots."}
    found = only(message("user", "", metadata={"user_context_message_data": data}))
    assert found.blocks == [Block("text", text="I sail.\n\nUse knots.")]
    assert (found.visible, found.author_kind) == (False, "provider_injected")


def test_a_research_report_is_an_artifact() -> None:
    for report in ("# Tides", {"content": {"parts": ["# Tides"]}}, {"content": "# Tides"}):
        state = json.dumps({"report_message": report})
        wire = message("tool", {"content_type": "super_widget"}, metadata={"chatgpt_sdk": {"widget_state": state}})
        assert only(wire).blocks[1] == Block("artifact", text="# Tides")
    broken = message("tool", None, metadata={"chatgpt_sdk": {"widget_state": "{"}})
    assert payload(only(broken).blocks[0]) == {"widget_state": "{"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a \ue200cite\ue202turn0search1\ue201 b", "a ([Tides](https://example.org)) b"),
        ("a \ue200entity\ue202x\ue201", "a Lisbon"),
        ("a \ue200cite\ue202unknown\ue201b", "a b"),
        ("a \ue203quoted\ue204\ue206 b", "a quoted b"),
        ("cut \ue200cite\ue202turn0", "cut "),
        ("stray \ue201 mark\ue200 here", "stray  mark here"),
        ("old 【4†source】", "old 【4†source】"),
    ],
)
def test_citation_marks_are_replaced_or_taken_out(text: str, expected: str) -> None:
    references = [
        {"matched_text": "\ue200cite\ue202turn0search1\ue201", "alt": "([Tides](https://example.org))"},
        {"matched_text": "\ue200entity\ue202x\ue201", "alt": None, "title": "Lisbon"},
        {"matched_text": " ", "alt": "footnotes"},
        {"matched_text": 3},
        "lost",
    ]
    found = only(message("assistant", text, metadata={"content_references": references}))
    assert found.blocks[0].text == expected
    assert payload(found.blocks[1]) == {"content_references": references}


def test_files_are_found_by_id_whatever_their_name_in_the_export() -> None:
    members = {
        "file-Abc-leaf photo.png": 1,
        "conv/audio/file_00aa-1111.wav": 2,
        "file_00bb.dat": 3,
        "user-1/file_00cc.dat": 4,
        "__MACOSX/file_00dd.dat": 5,
    }
    context = ExportContext(
        members=members,
        asset_names={"file_00bb.dat": "plan.pdf"},
        asset_facts={"file_00bb": {"mime_type": "application/pdf", "size_bytes": 3, "name": "other.pdf"}},
    )
    pointers = [
        "file-service://file-Abc",
        "sediment://file_00aa",
        "sediment://hash#file_00cc#p_0.jpg",
        "sediment://file_00dd",
    ]
    parts = [{"content_type": "image_asset_pointer", "asset_pointer": pointer, "size_bytes": 7} for pointer in pointers]
    attachments = [{"id": "file_00bb"}, {"id": "file_gone", "name": "x", "size": "big"}, "file-Abc", 5]
    wire = message("user", {"content_type": "multimodal_text", "parts": parts}, metadata={"attachments": attachments})
    found = only(wire, context).attachments
    assert [(one.attachment_id, one.member, one.name) for one in found] == [
        ("file_00bb", "file_00bb.dat", "plan.pdf"),
        ("file_gone", None, "x"),
        ("file-Abc", "file-Abc-leaf photo.png", None),
        ("file_00aa", "conv/audio/file_00aa-1111.wav", None),
        ("file_00cc", "user-1/file_00cc.dat", None),
        ("file_00dd", None, None),
    ]
    assert [(one.mime_type, one.size_bytes) for one in found[:2]] == [("application/pdf", 3), (None, None)]


def test_missing_times_come_from_the_messages_and_are_flagged() -> None:
    tree_of_two = conversation(
        a={"message": message("user", "x", create_time=1_700_000_050.0)},
        b={"parent": "a", "message": message("assistant", "y", create_time=1_700_000_010.5)},
    )
    parsed = parse({**tree_of_two, "create_time": None, "update_time": "soon"})
    assert (parsed.created_at, parsed.updated_at) == (1_700_000_010_500_000, 1_700_000_050_000_000)
    assert parsed.flags == ["created_at_inferred", "updated_at_inferred"]


def test_a_conversation_without_id_is_named_by_its_bytes() -> None:
    data = b'{"mapping": {}}'
    names = {chatgpt.parse(copy, NO_CONTEXT).conversation_id for copy in (data, memoryview(data))}
    assert len(names) == 1
    assert next(iter(names)).startswith("anon-")
    assert len(next(iter(names))) == len("anon-") + 16


def test_the_project_is_the_custom_assistant_or_project_id() -> None:
    assert parse({**conversation(), "gizmo_id": "g-p-1"}).project == "g-p-1"


@pytest.mark.parametrize(
    ("keys", "shape"),
    [
        ({}, "chatgpt-2023-05"),
        ({"id": "c", "plugin_ids": None}, "chatgpt-2023-05"),
        ({"conversation_id": "c"}, "chatgpt-2023-09"),
        ({"conversation_id": "c", "is_archived": False}, "chatgpt-2024"),
        ({"is_archived": False, "voice": None}, "chatgpt-2025-01"),
        ({"voice": None, "memory_scope": "x"}, "chatgpt-2025"),
    ],
)
def test_the_keys_of_a_conversation_date_it(keys: dict[str, Any], shape: str) -> None:
    assert parse({**keys, "mapping": {"m": {"message": None, "children": []}}}).shape == shape


def test_a_tree_without_children_lists_is_the_slim_form() -> None:
    slim = {"memory_scope": "x", "mapping": {"m": {"message": message("user", 'say "children" please')}}}
    assert parse(slim).shape == "chatgpt-2026-slim"


def test_a_linear_list_is_chained_and_repeated_ids_stay_apart() -> None:
    listed = [{**message("user", str(rank)), "id": "same"} for rank in range(3)]
    parsed = parse({"title": "t", "messages": [*listed, None, {"author": {"role": "user"}, "content": "last"}]})
    arranged = tree.arrange(parsed)
    assert parsed.shape == "chatgpt-linear"
    assert parsed.nodes_in == 5
    assert len(parsed.bad_nodes) == 1
    assert [found.depth for found in arranged.messages] == [0, 1, 2, 3]
    assert all(found.on_active_path for found in arranged.messages)


def test_both_copies_of_a_repeated_node_are_kept() -> None:
    first = '"a": {"parent": null, "message": {"id": "a", "author": {"role": "user"}, "content": "one"}}'
    second = first.replace("one", "two")
    parsed = chatgpt.parse(f'{{"mapping": {{{first}, {second}, {first}}}}}'.encode(), NO_CONTEXT)
    assert [node.node_id for node in parsed.nodes] == ["a", "a", "a"]
    assert parsed.nodes_in == 3
    assert "repeated_keys" in parsed.flags
    arranged = tree.arrange(parsed)
    assert [found.blocks[0].text for found in arranged.messages] == ["one", "two"]
    assert arranged.duplicates == 1


def test_both_copies_of_a_repeated_node_without_pointers_are_kept() -> None:
    first = '"a": {"message": {"id": "a", "author": {"role": "user"}, "content": "one"}}'
    second = first.replace("one", "two")
    parsed = chatgpt.parse(f'{{"mapping": {{{first}, {second}}}}}'.encode(), NO_CONTEXT)
    assert [node.node_id for node in parsed.nodes] == ["a", "a"]
    assert parsed.nodes_in == 2


def test_of_a_key_repeated_inside_a_node_the_last_counts() -> None:
    node = '"parent": null, "message": {"content": "one"}, "parent": "r", "message": {"content": "two"}'
    found = chatgpt.parse(f'{{"mapping": {{"a": {{{node}}}}}}}'.encode(), NO_CONTEXT).nodes[0]
    assert found.parent_id == "r"
    assert found.message is not None
    assert found.message.blocks[0].text == "two"


def test_both_of_two_mappings_are_kept() -> None:
    nodes = ['{"x": {"parent": null, "message": null}}', '{"y": {"parent": null, "message": null}}']
    parsed = chatgpt.parse(f'{{"mapping": {nodes[0]}, "mapping": {nodes[1]}}}'.encode(), NO_CONTEXT)
    assert [node.node_id for node in parsed.nodes] == ["x", "y"]


def test_a_node_that_is_no_object_is_set_aside_and_the_rest_is_kept() -> None:
    parsed = parse(
        conversation(
            a={"parent": None, "message": message("user", "x")},
            b=None,
            c=[1],
            d={"message": "lost", "parent": "a"},
        )
    )
    assert [node.node_id for node in parsed.nodes] == ["a"]
    assert [(bad.node_id, bad.reason) for bad in parsed.bad_nodes] == [
        ("b", "node is not an object"),
        ("c", "node is not an object"),
        ("d", "message is not an object"),
    ]
    assert json.loads(parsed.bad_nodes[2].raw) == {"message": "lost", "parent": "a"}
    assert parsed.nodes_in == 4


def test_a_wrong_author_or_metadata_does_not_cost_the_text() -> None:
    found = only({"id": "m", "author": "user", "metadata": [], "content": "x"})
    assert (found.role, found.blocks[0].text) == ("user", "x")
    assert found.flags == ["author_not_an_object", "metadata_not_an_object"]


@pytest.mark.parametrize(
    ("text", "expected", "flag"),
    [
        (b"cut \\ud83d off", "cut \ufffd off", "surrogate_replaced"),
        (b"a\\u0000b", "ab", "nul_stripped"),
        (b"a\xffb", "a\ufffdb", "utf8_replaced"),
        (b"a\nb", "a\nb", None),
    ],
)
def test_bytes_that_no_strict_decoder_takes_are_repaired(text: bytes, expected: str, flag: str | None) -> None:
    data = (
        b'{"create_time":1,"update_time":1,"mapping":{"a":{"parent":null,"message":'
        b'{"author":{"role":"user"},"content":{"parts":["' + text + b'"]}}}}}'
    )
    parsed = chatgpt.parse(data, NO_CONTEXT)
    found = parsed.nodes[0].message
    assert found is not None
    assert found.blocks[0].text == expected
    assert parsed.flags == ([flag] if flag else [])


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"nope",
        b"null",
        b"[]",
        b'"lost"',
        b"{}",
        b'{"mapping": null}',
        b'{"mapping": ["a"]}',
        b'{"mapping": "a", "messages": []}',
        b'{"messages": {}}',
        b'{"mapping": {"a": ',
        b'{"mapping": {}} {}',
        b'{"mapping": {"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}}",
    ],
    ids=range(13),
)
def test_what_is_no_conversation_is_unreadable(data: bytes) -> None:
    with pytest.raises(Unreadable):
        chatgpt.parse(data, NO_CONTEXT)


def test_an_empty_mapping_is_an_empty_conversation() -> None:
    parsed = parse(conversation())
    assert (parsed.nodes, parsed.nodes_in, parsed.bad_nodes) == ([], 0, [])
