"""Whose export is this? Told by content; what is nobody's is refused with what was seen."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from exporting import chatgpt, claude, write, write_zip

from moonshine_assets.errors import BadInput, UnknownFormat
from moonshine_assets.exports.container import opened
from moonshine_assets.exports.detect import Detection, detect


def detected(path: Path) -> Detection:
    with opened(path) as container:
        return detect(container, path.parent / "work")


@pytest.mark.parametrize(("provider", "value"), [("chatgpt", chatgpt("c")), ("claude", claude("c"))])
@pytest.mark.parametrize("shape", ["array", "object", "wrapped", "text of text", "marked"])
def test_the_content_decides_whatever_the_file_is_called(
    tmp_path: Path, provider: str, value: dict[str, Any], shape: str
) -> None:
    data = {
        "array": json.dumps([value]),
        "object": json.dumps(value),
        "wrapped": json.dumps({"conversations": [value]}),
        "text of text": json.dumps(json.dumps([value])),
        "marked": "\ufeff" + json.dumps([value]),
    }[shape].encode()
    assert detected(write(tmp_path / "anything.dat", data)).provider == provider


def test_broken_conversations_at_the_front_do_not_hide_the_provider(tmp_path: Path) -> None:
    broken = [b'{"mapping": 1 2}', b"[" * 9_000 + b"]" * 9_000, b"null", b"{}"] * 10
    path = write(tmp_path / "export.json", b"[" + b",".join([*broken, json.dumps(chatgpt("c")).encode()]) + b"]")
    assert detected(path).provider == "chatgpt"


def test_chat_html_alone_is_an_export(tmp_path: Path) -> None:
    page = b"<html><script>var jsonData = %s;</script></html>" % json.dumps([chatgpt("c")]).encode()
    assert detected(write_zip(tmp_path / "export.zip", {"chat.html": page})).members == ["chat.html"]


def test_a_folder_of_single_conversations_is_taken_whole(tmp_path: Path) -> None:
    for name in ("a.json", "b.JSON", "deep/er/c.json"):
        write(tmp_path / "saved" / name, claude(name))
    write(tmp_path / "saved" / "page.html", b"<html>saved page</html>")
    write(tmp_path / "saved" / "picture.png", b"\x89PNG")
    assert detected(tmp_path / "saved").members == ["a.json", "b.JSON", "deep/er/c.json"]


def test_one_cut_off_file_among_single_conversations_is_not_passed_over(tmp_path: Path) -> None:
    write(tmp_path / "saved" / "a.json", claude("a"))
    write(tmp_path / "saved" / "b.json", json.dumps(claude("b")).encode()[:-5])
    with pytest.raises(BadInput, match=r"b\.json: the JSON is cut off"):
        detected(tmp_path / "saved")


def test_two_providers_in_one_folder_are_refused_together(tmp_path: Path) -> None:
    write(tmp_path / "saved" / "a.json", claude("a"))
    write(tmp_path / "saved" / "b.json", chatgpt("b"))
    with pytest.raises(BadInput, match="several providers in one export: chatgpt, claude; give the files of each"):
        detected(tmp_path / "saved")


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ({"success": False, "message": "secret words"}, "a saved error answer of the service"),
        ({"data": {"code": "Unauthorized", "details": "secret words"}}, "a saved error answer of the service"),
        ({"id": "user-1", "email": "secret@words.example"}, r"a sidecar file alone holds no conversations"),
        ([{"conversation_id": "c", "rating": "secret words"}], "array of 1 with fields conversation_id, rating"),
        ([], "array of 0"),
        ({}, "object of 1"),
        ([["secret words"]], "array of 1"),
        ("secret words", "not JSON"),
    ],
    ids=["error body", "unauthorized", "user.json", "message_feedback.json", "nothing", "empty", "list", "string"],
)
def test_what_holds_no_conversations_is_refused_without_quoting_it(tmp_path: Path, value: Any, reason: str) -> None:
    path = write(tmp_path / "export.json", value)
    with pytest.raises(BadInput, match=reason) as refusal:
        detected(path)
    assert refusal.value.fix
    assert "secret" not in str(refusal.value)


def test_a_zip_of_sidecars_alone_is_refused(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "export.zip", {"user.json": {"id": 1}, "message_feedback.json": []})
    with pytest.raises(BadInput, match="no conversations of a known provider in 2 files"):
        detected(path)


@pytest.mark.parametrize("name", ["inner.zip", "conversations.json", "conversations.dat"])
def test_a_zip_inside_a_zip_is_named_as_such(tmp_path: Path, name: str) -> None:
    inner = write_zip(tmp_path / "inner.zip", {"conversations.json": [chatgpt("c")]})
    path = write_zip(tmp_path / "export.zip", {name: inner.read_bytes()})
    with pytest.raises(BadInput, match="a zip inside the export; unpack it and give the inner zip by itself"):
        detected(path)


def test_a_download_named_dat_that_is_a_zip_is_opened(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "export.dat", {"conversations.json": [chatgpt("c")]})
    assert detected(path).provider == "chatgpt"


def test_additions_of_macos_are_not_looked_into(tmp_path: Path) -> None:
    path = write_zip(
        tmp_path / "export.zip",
        {"__MACOSX/._saved.json": b"\x00\x05\x16\x07", "__MACOSX/conversations.json": b"x", "saved.json": claude("a")},
    )
    assert detected(path).members == ["saved.json"]


def test_shards_come_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    shards = {f"conversations-{n:03}.json": [chatgpt(f"c{n}")] for n in (10, 2, 0)}
    assert detected(write_zip(tmp_path / "export.zip", shards)).members == sorted(shards)


def test_a_log_of_an_unknown_agent_is_called_that_and_not_damaged(tmp_path: Path) -> None:
    path = write(tmp_path / "log.jsonl", b'{"kind": "turn", "at": 1}\n{"kind": "turn", "at": 2}\n')
    with pytest.raises(UnknownFormat, match="no conversations of a known provider: lines of JSON with fields at, kind"):
        detected(path)


def test_two_files_that_were_joined_are_called_that(tmp_path: Path) -> None:
    path = write(tmp_path / "export.json", b'[{"mapping": {}}]\n[{"mapping": {}}]')
    with pytest.raises(BadInput, match="two files may have been joined"):
        detected(path)


def test_the_provider_is_told_of_a_conversation_too_deep_to_decode(tmp_path: Path) -> None:
    deep = b"[" * 50_000 + b"]" * 50_000
    path = tmp_path / "chat.json"
    path.write_bytes(
        b'{"conversationId": "c", "endpoint": "x", "messages": [{"messageId": "m", "isCreatedByUser": true,'
        b' "text": "a [ in a text", "deep": ' + deep + b'}], "title": "after it"}'
    )
    assert detected(path).provider == "librechat"
