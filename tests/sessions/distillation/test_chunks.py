"""Pieces for a model: bounded, in order, and nothing lost without being counted."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from moonshine_assets.sessions.distillation.chunks import chunked
from moonshine_assets.sessions.distillation.said import Said

TEXTS = st.lists(st.text(max_size=2_000), max_size=30)


@given(TEXTS, st.integers(256, 4_000), st.integers(1, 5))
def test_pieces_are_bounded_and_every_message_is_shown_or_counted(texts: list[str], size: int, most: int) -> None:
    messages = [Said(f"id{n}", "human", None, text) for n, text in enumerate(texts)]
    found = chunked(messages, size, most, 1_000_000)
    assert len(found.chunks) <= most
    assert all(len(chunk.text.encode()) <= size for chunk in found.chunks)
    shown = [own for chunk in found.chunks for own in chunk.ids.values()]
    assert shown == [message.message_id for message in messages[found.left_out :]]


def test_a_small_context_makes_small_pieces() -> None:
    messages = [Said(f"id{n}", "human", 0, "word " * 100) for n in range(20)]
    assert all(len(chunk.text.encode()) <= 750 for chunk in chunked(messages, 65_536, 64, 1_000).chunks)


def test_a_long_message_keeps_its_beginning_and_its_end() -> None:
    text = "first words " + "x" * 100_000 + " last words"
    (chunk,) = chunked([Said("id", "human", 1_800_000_000_000_000, text)], 8_192, 4, 200_000).chunks
    assert chunk.text.startswith("[m0] human 2027-01-15T08:00:00Z: first words")
    assert "last words" in chunk.text
    assert "characters left out" in chunk.text
