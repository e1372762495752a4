"""Where the conversations of a file stand, for every way a file can be odd."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from exporting import chatgpt, write
from hypothesis import given
from hypothesis import strategies as st

from moonshine_assets.errors import BadInput
from moonshine_assets.exports.split import mapped, split

ONE, TWO = chatgpt("one"), chatgpt("two")
_PAGE = b"<!DOCTYPE html><html><script>var jsonData = %s;\nvar other = [1];</script></html>"


def parts(path: Path) -> tuple[str, list[bytes]]:
    with mapped(path) as view:
        found = split(path, view)
        return found.wrapper, [bytes(view[begin:end]) for begin, end in found.spans]


def dumped(*values: Any) -> list[bytes]:
    return [json.dumps(value).encode() for value in values]


@pytest.mark.parametrize(
    ("wrapper", "data"),
    [
        ("array", json.dumps([ONE, TWO]).encode()),
        ("array", b"\xef\xbb\xbf \n" + json.dumps([ONE, TWO]).encode() + b"\n\x00\x00"),
        ("conversations", json.dumps({"user": {"id": 1}, "conversations": [ONE, TWO], "more": [3]}).encode()),
        ("conversations", b'{"conversations": [%s], "version": 2, "conversations": [%s]}' % tuple(dumped(ONE, TWO))),
        ("conversations", b'{"bad": NaN, "conversations": [%s, %s]}' % tuple(dumped(ONE, TWO))),
        ("map", json.dumps({"one": ONE, "two": TWO}).encode()),
        ("map", b'{"same": %s, "same": %s}' % tuple(dumped(ONE, TWO))),
        ("html", _PAGE % json.dumps([ONE, TWO]).encode()),
    ],
    ids=["array", "marks and padding", "wrapped", "wrapped twice", "wrapped oddly", "map", "repeated key", "page"],
)
def test_both_conversations_are_found_to_the_byte(tmp_path: Path, wrapper: str, data: bytes) -> None:
    assert parts(write(tmp_path / "export.json", data)) == (wrapper, dumped(ONE, TWO))


def test_a_map_gives_its_names_in_step_repeated_ones_included(tmp_path: Path) -> None:
    path = write(tmp_path / "export.json", b'{"b": {"x": {}}, "a": {}, "b": {}, "c\\u0000": {}}')
    with mapped(path) as view:
        assert split(path, view).names == ["b", "a", "b", "c"]


def test_an_object_with_a_mapping_is_one_conversation(tmp_path: Path) -> None:
    assert parts(write(tmp_path / "export.json", json.dumps(ONE).encode() + b" \n\x00")) == ("object", dumped(ONE))


ODD = {
    "half a pair": b'{"t": "\\ud83d"}',
    "halves swapped": b'{"t": "\\ude00\\ud83d"}',
    "an escaped escape before a half": b'{"t": "\\\\\\ud83d \\\\ud83d\\ude00"}',
    "not a number": b'{"t": NaN, "u": -Infinity}',
    "a control character": b'{"t": "a\x01b\nc"}',
    "not UTF-8": b'{"t": "\xff\xfe"}',
    "a raw NUL": b'{"t": "\x00"}',
    "an escaped NUL": b'{"t": "\\u0000"}',
    "a bad escape": b'{"t": "\\x41"}',
    "a stray bracket": b'{"t": [1]]}',
    "two values": b'{"t": 1} {"u": 2}',
    "a bare word": b"undefined",
    "deep": b'{"t": ' + b"[" * 50_000 + b"]" * 50_000 + b"}",
    "a long number": b'{"t": ' + b"9" * 50_000 + b"}",
}


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
def test_one_odd_conversation_leaves_the_others_where_they_are(tmp_path: Path, odd: bytes) -> None:
    good = dumped(ONE, TWO)
    path = write(tmp_path / "export.json", b"[" + good[0] + b",\n " + odd + b" , " + good[1] + b"]")
    assert parts(path) == ("array", [good[0], odd, good[1]])


@given(st.lists(st.sampled_from(list(ODD)), max_size=12))
def test_any_mixture_of_odd_conversations_is_split_as_it_stands(
    tmp_path_factory: pytest.TempPathFactory, odd: list[str]
) -> None:
    elements = [ODD[kind] for kind in odd]
    path = write(tmp_path_factory.getbasetemp() / "mixture.json", b"[" + b",".join(elements) + b"]")
    assert parts(path) == ("array", elements)


def test_the_file_is_never_changed_by_looking_at_it(tmp_path: Path) -> None:
    data = b"[" + b",".join(ODD.values()) + b"]"
    path = write(tmp_path / "export.json", data)
    path.chmod(0o444)
    parts(path)
    assert path.read_bytes() == data


REFUSED = {
    "is empty": b"",
    "the file is empty": b" \n\t ",
    "a Git LFS pointer": b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n",
    "an HTML page without embedded conversations": b"<!DOCTYPE html><html><body>Log in</body></html>",
    "HTML page without": b"<html><script>var jsonData = null;</script></html>",
    "a zip inside the export": b"PK\x03\x04rest",
    "UTF-16 or UTF-32 text": '[{"a": 1}]'.encode("utf-16"),
    "UTF-16 or UTF-32": '[{"a": 1}]'.encode("utf-16-le"),
    "or UTF-32 text": '[{"a": 1}]'.encode("utf-32-be"),
    "not JSON .its first byte is 0x23.": b"# Notes",
    "something follows the JSON value": b'{"mapping": {}}\n{"mapping": {}}',
    "the JSON is cut off at byte": b'<html>var jsonData = [{"a": 1}, ',
}


@pytest.mark.parametrize("reason", REFUSED)
def test_what_is_no_export_is_refused_with_what_it_is(tmp_path: Path, reason: str) -> None:
    path = write(tmp_path / "export.json", REFUSED[reason])
    with pytest.raises(BadInput, match=reason) as refusal:
        parts(path)
    assert str(refusal.value).startswith("export.json: ")
    assert refusal.value.fix


@pytest.mark.parametrize(
    "whole",
    [
        json.dumps([ONE, TWO]),
        json.dumps(ONE),
        json.dumps({"one": ONE, "two": TWO}),
        json.dumps({"user": 1, "conversations": [ONE, TWO]}),
        '[{"t": "\\ud83d"}, {"u": NaN}]',
    ],
    ids=["array", "object", "map", "wrapped", "odd"],
)
def test_a_file_cut_off_at_any_byte_is_refused(tmp_path: Path, whole: str) -> None:
    data = whole.encode()
    path = tmp_path / "export.json"
    for end in {*range(1, len(data), 37), *range(max(1, len(data) - 40), len(data))}:
        path.write_bytes(data[:end])
        with pytest.raises(BadInput, match=rf"^export\.json: the JSON is cut off at byte {end}, "):
            parts(path)


def test_messages_name_the_member_and_not_its_scratch_file(tmp_path: Path) -> None:
    path = write(tmp_path / "member-000003", b"[1")
    with mapped(path) as view, pytest.raises(BadInput, match=r"^conversations-003\.json: the JSON is cut off"):
        split(path, view, "conversations-003.json")
