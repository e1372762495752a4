"""Results of tools that are too long to train on: the middle is cut out, and how much of it is told."""

from __future__ import annotations

from collections.abc import Callable

from moonshine_assets.providers.rows import CountMany

#: (text, its tokens) to what is kept of it and the tokens of that.
Shorten = Callable[[str, int], tuple[str, int]]
#: Stands where the middle was.
_GAP = "\n[... {} characters left out ...]\n"
#: Of what is kept, this share is the beginning: a command says what it does first and how it ended last.
_HEAD = 0.5
_LESS = 0.9


def whole(text: str, tokens: int) -> tuple[str, int]:
    """Nothing is cut."""
    return text, tokens


def to_tokens(maximum: int, count: CountMany) -> Shorten:
    """Cuts texts of more than `maximum` tokens so that, with the mark in their middle, they have no more than that."""

    def shorten(text: str, tokens: int) -> tuple[str, int]:
        if tokens <= maximum:
            return text, tokens
        room = int(len(text) * maximum / tokens)
        while room:
            head = int(room * _HEAD)
            kept = text[:head] + _GAP.format(len(text) - room) + text[len(text) - (room - head) :]
            counted = count([kept])[0]
            if counted <= maximum:
                return kept, counted
            # Tokens are not spread evenly over a text: a little less, and count again.
            room = int(room * _LESS)
        return "", 0

    return shorten
