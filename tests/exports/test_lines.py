"""JSON Lines: what counts as a line, where it stands, and what becomes of those that do not parse."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from moonshine_assets.exports.lines import lines


def test_a_line_says_where_it_stands() -> None:
    data = b'\xef\xbb\xbf{"a":1}\r\n\n  {"b":2}  \n{"c":3}'
    found = list(lines(data))
    assert [line.value for line in found] == [{"a": 1}, {"b": 2}, {"c": 3}]
    assert [data[line.start : line.end] for line in found] == [b'{"a":1}', b'{"b":2}', b'{"c":3}']
    assert all(line.problem is None and line.flags == () for line in found)


def test_what_is_no_object_has_a_problem_and_keeps_its_bytes() -> None:
    data = b'[1]\nnull\n{"a":\n{"b":2}\n'
    found = list(lines(data))
    assert [line.value for line in found] == [None, None, None, {"b": 2}]
    assert [line.bad_node(data).raw for line in found[:3]] == [b"[1]", b"null", b'{"a":']
    assert all(line.problem for line in found[:3])


def test_only_a_last_line_without_a_break_is_cut() -> None:
    assert [line.flags for line in lines(b'{"a":\n{"b":')] == [(), ("cut_last_line",)]
    assert [line.flags for line in lines(b'{"a":1}')] == [()]


@given(
    st.lists(st.sampled_from([b"", b" ", b"\x00\x00", b"\r", b'{"a":1}', b"[1]", b"{", b"\xff", b'{"k":"\\ud800"}']))
)
def test_every_line_that_is_not_blank_comes_out_once(pieces: list[bytes]) -> None:
    data = b"\n".join(pieces)
    found = list(lines(data))
    assert [data[line.start : line.end] for line in found] == [piece for piece in pieces if piece.strip(b" \r\x00")]
    assert all((line.value is None) == (line.problem is not None) for line in found)
