"""Records that a resumed or forked session copies from the one before it: each belongs to one conversation only."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import msgspec

_Loaded = TypeVar("_Loaded")


def print_of(record_id: str, content: Any) -> bytes:
    """What tells a copy of a record: its id together with what it says; an id alone is used again for other things."""
    return hashlib.blake2b(msgspec.json.encode((record_id, content)), digest_size=16).digest()


class Owners:
    """Which conversation of a log a record belongs to: the first that was read with it."""

    def __init__(self) -> None:
        self._owner: dict[bytes, str] = {}
        self._of_id: dict[str, str] = {}

    def claim(self, record_id: str, content: Any, conversation_id: str) -> str | None:
        """Take a record for a conversation; the id of the other one that has it already, None when it is taken now."""
        owner = self._owner.setdefault(print_of(record_id, content), conversation_id)
        self._of_id.setdefault(record_id, conversation_id)
        return None if owner == conversation_id else owner

    def of(self, record_id: str) -> str | None:
        """The conversation that a record with this id was first seen in."""
        return self._of_id.get(record_id)


def parents_first(
    names: list[str], load: Callable[[str], _Loaded], before: Callable[[_Loaded], list[str]]
) -> Iterator[_Loaded]:
    """Load the files in order, but those that `before` names for a file ahead of it; each once, circles survived.

    A file that must wait is loaded again when its turn comes, so that only one is held at a time.
    """
    done: set[str] = set()
    waiting: set[str] = set()
    for first in names:
        stack = [first]
        while stack:
            name = stack.pop()
            if name in done:
                continue
            loaded = load(name)
            ahead = [] if name in waiting else [one for one in before(loaded) if one not in done | waiting | {name}]
            if ahead:
                waiting.add(name)
                stack += [name, *reversed(ahead)]
                continue
            done.add(name)
            yield loaded
