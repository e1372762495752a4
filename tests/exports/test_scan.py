"""Values found by brackets and quotes alone."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moonshine_assets.errors import BadInput
from moonshine_assets.exports.scan import scan

json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def pieces(data: bytes, start: int = 0, **how: bool) -> list[bytes]:
    return [data[begin:end] for begin, end in scan("f.json", memoryview(data), start, **how).spans]


@given(st.lists(json_values, max_size=6), st.booleans(), st.sampled_from(["", " ", "\n\t"]))
def test_the_elements_of_an_array_are_found_to_the_byte(values: list[Any], plain: bool, blank: str) -> None:
    texts = [json.dumps(value, ensure_ascii=plain).encode("utf-8", "surrogatepass") for value in values]
    data = f"{blank},{blank}".encode().join(texts)
    assert pieces(b"[" + blank.encode() + data + b"]" + blank.encode()) == texts


@given(st.lists(st.tuples(st.text(st.characters(codec="utf-8", exclude_characters="\x00")), json_values), max_size=6))
def test_the_fields_of_an_object_are_found_with_names_that_come_again(fields: list[tuple[str, Any]]) -> None:
    data = ("{" + ", ".join(f"{json.dumps(name)}: {json.dumps(value)}" for name, value in fields) + "}").encode()
    found = scan("f.json", memoryview(data), 0)
    assert found.names == [name for name, _ in fields]
    assert [data[begin:end].decode() for begin, end in found.spans] == [json.dumps(value) for _, value in fields]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b'[{"a":1} rubbish, {"b":2}]', [b'{"a":1} rubbish', b'{"b":2}']),
        (b'[{"a":1}}, {"b":2}]', [b'{"a":1}}', b'{"b":2}']),
        (b'[{"a":[{"b":1]}, {"b":2}]', [b'{"a":[{"b":1]}', b'{"b":2}']),
        (b'[{"a":NaN},{"b":"\x01"},{"c":"\xff"}]', [b'{"a":NaN}', b'{"b":"\x01"}', b'{"c":"\xff"}']),
        (b'[{"a":"]}\\"[{"},2]', [b'{"a":"]}\\"[{"}', b"2"]),
        (b'["\\\\",3]', [b'"\\\\"', b"3"]),
        (b"[1,,2,]", [b"1", b"2"]),
        (b"[]", []),
        (b"[ 1 ]\x00\x00 ", [b"1"]),
    ],
    ids=range(9),
)
def test_one_odd_value_does_not_cost_the_others(data: bytes, expected: list[bytes]) -> None:
    assert pieces(data) == expected


@pytest.mark.parametrize("data", [b"[1", b'[{"a":1}', b'["abc', b'["abc\\"]', b"[[1]", b"["])
def test_an_open_end_is_told_with_its_byte(data: bytes) -> None:
    with pytest.raises(BadInput, match=rf"^f\.json: the JSON is cut off at byte {len(data)}, \d whole conversations"):
        pieces(data)


def test_what_follows_the_end_is_told_with_its_byte() -> None:
    with pytest.raises(BadInput, match=r"^f\.json: something follows the JSON value that ends at byte 3; "):
        pieces(b"[1] [2]")
    assert pieces(b"[1]; more", closed=False) == [b"1"]


def test_depth_is_only_counted() -> None:
    deep = b"[" * 300_000 + b"]" * 300_000
    assert pieces(b"[1," + deep + b",2]") == [b"1", deep, b"2"]


def test_stray_brackets_are_no_matter_how_many() -> None:
    odd = b"[" * 300_000 + b"}" * 300_000 + b"]" * 300_000
    assert pieces(b"[" + odd + b", 2]") == [odd, b"2"]


def test_a_string_that_never_ends_is_refused_however_long_it_is() -> None:
    with pytest.raises(BadInput, match="cut off"):
        pieces(b'["' + b"\\n escaped " * 400_000)


def test_half_a_surrogate_pair_in_a_name_can_be_stored() -> None:
    found = scan("f.json", memoryview(b'{"a\\ud83d\\u0000": {}}'), 0)
    assert found.names == ["a\ufffd"]
