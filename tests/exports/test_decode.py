"""The decoding ladder: typed where it fits, plain where not, repaired and flagged where the bytes demand it."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from moonshine_assets.errors import Unreadable
from moonshine_assets.exports.decode import compact_json, decode, fit


class Leaf(msgspec.Struct):
    text: Any = None


class Tree(msgspec.Struct):
    name: Any = None
    leaves: list[Leaf | None] = []


@pytest.mark.parametrize(
    ("data", "value", "flags"),
    [
        (b'{"name":"n","leaves":[{"text":1},null],"more":2}', Tree("n", [Leaf(1), None]), []),
        (b'{"name":"n","leaves":["odd"]}', {"name": "n", "leaves": ["odd"]}, []),
        (b"[1]", [1], []),
        (b'\xef\xbb\xbf{"name":"n"}', Tree("n"), []),
        (b'{"name":"a\nb\tc"}', Tree("a\nb\tc"), []),
        (b'{"name":"\\ud83d\\ude00"}', Tree("\U0001f600"), []),
        (b'{"name":"a\\ud83d"}', Tree("a\ufffd"), ["surrogate_replaced"]),
        (b'{"name":"\\ude00\\ud83d\\ud83d\\ude00"}', Tree("\ufffd\ufffd\U0001f600"), ["surrogate_replaced"]),
        (b'{"name":"a\\u0000b"}', Tree("ab"), ["nul_stripped"]),
        (b'{"name":"a\\\\u0000b"}', Tree("a\\u0000b"), []),
        (b'{"name":"a\xffb"}', Tree("a\ufffdb"), ["utf8_replaced"]),
        (b'{"name":NaN}', Tree("NaN"), ["number_as_text"]),
        (b'{"name":-Infinity}', Tree("-Infinity"), ["number_as_text"]),
        (b'{"name":1e999}', Tree("1e999"), ["number_as_text"]),
        (b'{"name":' + b"9" * 5000 + b"}", Tree("9" * 5000), ["number_as_text"]),
        (b'{"name":12345678901234567890123}', Tree(12345678901234567890123), []),
        (b'{"leaves":["odd",NaN]}', {"leaves": ["odd", "NaN"]}, ["number_as_text"]),
        (b'{"leaves":["odd","\\ud83d"]}', {"leaves": ["odd", "\ufffd"]}, ["surrogate_replaced"]),
    ],
)
def test_what_comes_out(data: bytes, value: Any, flags: list[str]) -> None:
    assert decode(data, Tree) == (value, flags)
    assert decode(memoryview(data), Tree) == (value, flags)


@pytest.mark.parametrize("data", [b"", b" ", b"{", b'{"name":}', b'{"name":1} tail', b'{"name":"x', b"\x00", b"<html>"])
def test_what_is_not_json_is_unreadable_without_quoting_it(data: bytes) -> None:
    with pytest.raises(Unreadable) as caught:
        decode(data, Tree)
    assert "tail" not in str(caught.value)
    assert "html" not in str(caught.value)


@pytest.mark.parametrize("escape", [b"", b'"\\ud83d",'])
def test_deep_nesting_is_unreadable(escape: bytes) -> None:
    data = b"[" * 100_000 + escape + b"1" + b"]" * 100_000
    with pytest.raises(Unreadable, match="nested too deeply"):
        decode(data, Tree)


def test_keys_that_become_equal_by_stripping_both_stay() -> None:
    value, flags = decode(b'{"a":1,"a\\u0000":2,"a\\u0000\\u0000":3}', dict)
    assert sorted(value.values()) == [1, 2, 3]
    assert value["a"] == 1
    assert flags == ["nul_stripped"]


def test_fit_leaves_alone_what_does_not_fit() -> None:
    assert fit({"text": "x", "more": 1}, Leaf) == Leaf("x")
    assert fit("x", Leaf) == "x"


def test_compact_json_keeps_order_characters_and_large_numbers() -> None:
    value = {"b": 1, "a": [1.5, None, True, "größte"], "n": 10**30}
    assert compact_json(value) == '{"b":1,"a":[1.5,null,true,"größte"],"n":1' + "0" * 30 + "}"


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(codec=None)), inner, max_size=4),
)


@given(JSON_VALUES)
def test_whatever_json_python_writes_decodes_to_what_utf8_can_carry(value: Any) -> None:
    decoded, _ = decode(json.dumps(value).encode(), Tree)
    text = compact_json(decoded)
    assert "\x00" not in text
    assert "\\u0000" not in json.dumps(json.loads(text))


@given(st.binary())
def test_any_bytes_decode_or_are_unreadable(data: bytes) -> None:
    try:
        decode(data, Tree)
    except Unreadable:
        return
