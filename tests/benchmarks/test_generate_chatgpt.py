"""The generated export is reproducible, valid, in proportion, and holds every kind of node a real one does."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from benchmarks.generate_chatgpt import generate
from benchmarks.plain_script import content_text


def nodes(conversations: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [node for conversation in conversations for node in conversation["mapping"].values()]


def messages(conversations: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [node["message"] for node in nodes(conversations) if node["message"]]


def test_the_same_seed_gives_the_same_bytes(two_megabytes: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.json"
    generate(again, megabytes=2, seed=7)
    assert again.read_bytes() == two_megabytes.read_bytes()


def test_another_seed_gives_other_texts(two_megabytes: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.json"
    generate(other, megabytes=2, seed=8)
    first, second = (
        {content_text(m["content"]) for m in messages(json.loads(path.read_text(encoding="utf-8")))}
        for path in (two_megabytes, other)
    )
    assert len(first & second) < len(first) / 20


def test_the_report_of_the_generator_is_what_the_file_holds(tmp_path: Path) -> None:
    path = tmp_path / "conversations.json"
    written = generate(path, megabytes=1, seed=3)
    found = json.loads(path.read_text(encoding="utf-8"))
    assert written.json_bytes == path.stat().st_size
    assert written.conversations == len(found)
    assert written.messages == len(messages(found))


def test_size_text_and_conversations_are_in_proportion(
    two_megabytes: Path, conversations: list[dict[str, Any]]
) -> None:
    size = two_megabytes.stat().st_size
    count = len(messages(conversations))
    text = sum(len(content_text(message["content"])) for message in messages(conversations))
    assert size == pytest.approx(2e6, rel=0.15)
    assert size / count == pytest.approx(10_533, rel=0.15)
    assert text / count == pytest.approx(2_600, rel=0.15)
    assert count / len(conversations) == pytest.approx(70.75, rel=0.2)


def test_most_texts_are_distinct(conversations: list[dict[str, Any]]) -> None:
    texts = [text for message in messages(conversations) if (text := content_text(message["content"]))]
    assert len(set(texts)) > 0.8 * len(texts)


def test_every_kind_of_message_occurs(conversations: list[dict[str, Any]]) -> None:
    kinds = {
        (message["author"]["role"], message["content"]["content_type"], message["recipient"])
        for message in messages(conversations)
    }
    assert kinds >= {
        ("system", "text", "all"),
        ("user", "text", "all"),
        ("user", "multimodal_text", "all"),
        ("user", "user_editable_context", "all"),
        ("assistant", "text", "all"),
        ("assistant", "code", "python"),
        ("assistant", "code", "browser"),
        ("assistant", "code", "web.run"),
        ("assistant", "thoughts", "all"),
        ("assistant", "reasoning_recap", "all"),
        ("assistant", "text", "dalle.text2im"),
        ("assistant", "text", "canmore.create_textdoc"),
        ("assistant", "text", "bio"),
        ("tool", "execution_output", "all"),
        ("tool", "tether_browsing_display", "all"),
        ("tool", "multimodal_text", "all"),
    }


@pytest.mark.parametrize(
    "script", ["[\u4e00-\u9fff]", "[\u3040-\u30ff]", "[\u0600-\u06ff]", "[\u0590-\u05ff]", "[\U0001f300-\U0001faff]"]
)
def test_texts_are_in_many_scripts(conversations: list[dict[str, Any]], script: str) -> None:
    assert any(re.search(script, content_text(message["content"])) for message in messages(conversations))


def test_some_conversations_are_ascii_and_some_are_utf8(two_megabytes: Path) -> None:
    data = two_megabytes.read_bytes()
    assert rb"\u" in data
    assert not data.isascii()


def test_an_export_can_be_ascii_alone(tmp_path: Path) -> None:
    path = tmp_path / "conversations.json"
    generate(path, megabytes=1, ascii_only=True)
    data = path.read_bytes()
    assert data.isascii()
    assert rb"\ud83" in data


def test_citations_carry_the_marks_of_their_year(conversations: list[dict[str, Any]]) -> None:
    whole = "".join(content_text(message["content"]) for message in messages(conversations))
    assert re.search("\ue200cite\ue202turn\\dsearch\\d+\ue201", whole)
    assert re.search(r"【\d+†source】", whole)


def test_trees_hold_together_and_branch(conversations: list[dict[str, Any]]) -> None:
    for conversation in conversations:
        mapping = conversation["mapping"]
        roots = [node for node in mapping.values() if node["parent"] is None]
        assert [root["message"] for root in roots] == [None]
        assert not mapping[conversation["current_node"]]["children"]
        for node in mapping.values():
            assert all(mapping[child]["parent"] == node["id"] for child in node["children"])
        hidden = mapping[roots[0]["children"][0]]["message"]
        assert hidden["author"]["role"] == "system"
        assert hidden["metadata"]["is_visually_hidden_from_conversation"]
    branching = [node for node in nodes(conversations) if len(node["children"]) > 1]
    roles = {node["message"]["author"]["role"] for node in branching}
    assert "user" in roles, "no regenerated answer"
    assert roles - {"user"}, "no edited prompt"


def test_key_sets_are_those_of_2024_and_2025(tmp_path: Path) -> None:
    path = tmp_path / "conversations.json"
    generate(path, seed=7, short_messages=700)
    found = json.loads(path.read_text(encoding="utf-8"))
    assert {len(conversation) for conversation in found} == {15, 23}
    modern = {"client-created-root" in conversation["mapping"] for conversation in found}
    assert modern == {True, False}


def test_citation_offsets_point_at_their_marks(conversations: list[dict[str, Any]]) -> None:
    checked = 0
    for message in messages(conversations):
        for reference in message["metadata"].get("content_references", []):
            text = content_text(message["content"])
            assert text[reference["start_idx"] : reference["end_idx"]] == reference["matched_text"]
            checked += 1
    assert checked > 10


def test_kernel_output_is_repeated_in_the_aggregate_result(conversations: list[dict[str, Any]]) -> None:
    outputs = [m for m in messages(conversations) if m["content"]["content_type"] == "execution_output"]
    assert outputs
    for message in outputs:
        assert message["metadata"]["aggregate_result"]["messages"][0]["text"] == message["content"]["text"]


def test_short_messages_are_many_and_small(tmp_path: Path) -> None:
    path = tmp_path / "conversations.json"
    generate(path, seed=7, short_messages=2_000)
    found = messages(json.loads(path.read_text(encoding="utf-8")))
    assert len(found) == pytest.approx(2_000, rel=0.01)
    assert path.stat().st_size / len(found) == pytest.approx(800, rel=0.15)
