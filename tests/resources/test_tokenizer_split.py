"""Chunks of a buffer join to the buffer, and their counts add up to the count of the whole."""

from __future__ import annotations

import mmap
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moonshine_resources.tokenizer import TokenCounter, load
from moonshine_resources.tokenizer.split import exact_chunks

WORDS = [
    *("the", "Moon", "it's", "don'T", "x1y22", "3.14", "_name", "naïve", "月光", "ночь", "👩‍👧", "'\u017f", "\x1c"),
    *(" ", "  ", "\n", "\n\n", "\r\n", "\n/", "\n \n", "\n\u00a0", "\n\u3000", "\n\u2028", "\n\u2029", "\t", "/"),
    *('":"', ",", "{", "}", "'", "\\n", "\\u00e9", "<|endoftext|>", "\ufeff", "\u0301", "\n\u0301", "\n月", "\u017f"),
]
BROKEN = [b"\xff", b"\xe6\x9c", b"\xed\xa0\xbd", b"\xf0\x9f", b"\xc3", b"\x80", b"\n\xe3\x80", b"\n\xe2\x80", b"a"]


@pytest.fixture(scope="module")
def counter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TokenCounter]:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("TIKTOKEN_CACHE_DIR", "")
        yield load(tmp_path_factory.mktemp("vocabulary"))


def generated(seed: int, size: int, broken: bool = False) -> bytes:
    """About `size` bytes of joined words, some of them not UTF-8 when `broken`."""
    draw = random.Random(seed)
    words = [word.encode() for word in WORDS] + (BROKEN if broken else [])
    parts: list[bytes] = []
    while size > 0:
        parts.append(draw.choice(words))
        size -= len(parts[-1])
    return b"".join(parts)


@given(st.lists(st.sampled_from(WORDS) | st.text(max_size=5), max_size=25))
@settings(max_examples=400, deadline=None)
def test_the_reference_adds_up_over_every_split_point(counter: TokenCounter, words: list[str]) -> None:
    text = "".join(words)
    chunks = [chunk.decode() for chunk in exact_chunks(text.encode(), target=1)]
    assert "".join(chunks) == text
    assert sum(map(counter.reference, chunks)) == counter.reference(text)


@given(st.lists(st.sampled_from(BROKEN + [w.encode() for w in WORDS]) | st.binary(max_size=4), max_size=25))
@settings(max_examples=400, deadline=None)
def test_broken_bytes_decode_in_chunks_as_in_the_whole(counter: TokenCounter, parts: list[bytes]) -> None:
    buffer = b"".join(parts)
    whole = buffer.decode("utf-8", errors="replace")
    chunks = [chunk.decode("utf-8", errors="replace") for chunk in exact_chunks(buffer, target=1)]
    assert "".join(chunks) == whole
    assert sum(map(counter.reference, chunks)) == counter.reference(whole)


@pytest.mark.parametrize("broken", [False, True])
@pytest.mark.parametrize("target", [64, 1000, 65_536])
def test_a_large_buffer_counts_as_the_whole_text(counter: TokenCounter, target: int, broken: bool) -> None:
    buffer = generated(target, 2_000_000, broken)
    whole = buffer.decode("utf-8", errors="replace")
    assert counter.count_utf8(buffer, target=target) == counter.reference(whole)


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_hundreds_of_thousands_of_split_points_are_exact(counter: TokenCounter) -> None:
    for seed in range(8):
        buffer = generated(seed, 1_000_000, broken=seed % 2 == 1)
        chunks = [chunk.decode("utf-8", errors="replace") for chunk in exact_chunks(buffer, target=1)]
        whole = buffer.decode("utf-8", errors="replace")
        assert len(chunks) > 40_000
        assert sum(map(counter.reference, chunks)) == counter.reference(whole)


def test_a_byte_order_mark_counts_as_a_character(counter: TokenCounter) -> None:
    assert counter.count_utf8("\ufeffhello world".encode()) == counter.reference("\ufeffhello world")
    assert counter.count_utf8("\ufeffhello world".encode()) > counter.count_utf8(b"hello world")


def test_a_range_of_a_map_counts_as_that_range_and_the_map_can_be_closed(counter: TokenCounter, tmp_path: Path) -> None:
    path = tmp_path / "conversations.json"
    path.write_bytes(generated(3, 500_000))
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        inside = mapped[1000:400_000].decode("utf-8", errors="replace")
        assert counter.count_utf8(mapped, 1000, 400_000, target=5000) == counter.reference(inside)


def test_a_memory_view_counts_as_its_bytes(counter: TokenCounter) -> None:
    buffer = generated(4, 300_000)
    assert counter.count_utf8(memoryview(buffer), target=5000) == counter.count_utf8(buffer)


def test_an_empty_range_has_no_chunks_and_no_tokens(counter: TokenCounter) -> None:
    assert list(exact_chunks(b"")) == []
    assert counter.count_utf8(b"") == 0
    assert counter.count_utf8(b"hello world", 5, 5) == 0


def test_a_chunk_grows_where_no_cut_is_exact(counter: TokenCounter) -> None:
    wall = ("月" * 300_000).encode()
    assert [len(chunk) for chunk in exact_chunks(b"a " + wall + b"\nb c", target=2)] == [900_003, 3]
    spaces = b" " * 1_000_001
    assert counter.count_utf8(spaces, target=100) == 7813


def test_minified_json_without_a_space_is_cut_into_small_chunks() -> None:
    buffer = ('{"text":"月光","n":[0.12,0.5]},' * 20_000).encode()
    assert max(map(len, exact_chunks(buffer, target=1000))) < 1050


@pytest.mark.parametrize("text", ["ab", "a'", "aé", "a月", "12", "1é", "\n ", "\n/", "\n\u3000", "\n\u0085", "! "])
def test_no_cut_is_made_where_a_piece_may_go_on(text: str) -> None:
    assert list(exact_chunks(text.encode(), target=1)) == [text.encode()]


@pytest.mark.parametrize(
    "cut", ["a| b", "a|1", "a|.", "a|\n", "1|a", "1|'", "1| ", "\n|a", "\n|!", "\n|月", "\n|\u0301"]
)
def test_a_cut_is_made_where_no_piece_can_go_on(cut: str) -> None:
    left, right = cut.split("|")
    assert b"|".join(exact_chunks((left + right).encode(), target=1)) == cut.encode()


@pytest.mark.parametrize(("start", "end", "target"), [(-1, None, 9), (0, 12, 9), (6, 5, 9), (0, None, 0)])
def test_a_range_outside_the_buffer_is_refused(start: int, end: int | None, target: int) -> None:
    with pytest.raises(ValueError, match="no chunks"):
        list(exact_chunks(b"hello world", start, end, target))
