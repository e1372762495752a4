"""Looks at a run's conversations and records, as closely as it must: what is known for certain is passed over.

In: records, one after the other, each with the shape of its conversation. Out: the inventory of each shape, with
whatever nobody knows in it. Always: the same records in the same order give the same inventories.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from moonshine_assets.exports.known.inventory import Known
from moonshine_assets.exports.known.strict import strict_check
from moonshine_assets.exports.pieces import Piece
from moonshine_assets.exports.radar import Inventory

#: So many bytes are looked at key by key before a strict decoder is made: making it costs as much as looking at them.
_BEFORE_DECODER = 100_000
#: Beyond so many bytes looked at key by key, one record in ONE_OF_STRANGE that the strict decoder refuses is looked at.
_CLOSELY = 8_000_000
_ONE_OF_STRANGE = 16


class Looking:
    """Inventories by shape; `looked_at` counts the records of each."""

    def __init__(self, known: Known) -> None:
        self.inventories: dict[str, Inventory] = {}
        self.looked_at: Counter[str] = Counter()
        self._known = known
        self._closely = 0
        self._refused = 0
        self._is_known: Callable[[bytes | memoryview], bool] | None = None

    def take(self, shape: str, piece: Piece, rank: int) -> None:
        """Look at one record of a conversation of this shape; `rank` is the number to name it by."""
        self.looked_at[shape] += 1
        if isinstance(piece, dict):
            self._inventory(shape).add_value(piece, rank)
        elif self._closely + len(piece) <= _BEFORE_DECODER or self._is_strange(piece):
            self._closely += len(piece)
            self._inventory(shape).add(piece, rank)

    def _inventory(self, shape: str) -> Inventory:
        return self.inventories.setdefault(shape, Inventory(self._known))

    def _is_strange(self, piece: bytes | memoryview) -> bool:
        if self._is_known is None:
            self._is_known = strict_check(self._known)
        if self._is_known(piece):
            return False
        self._refused += 1
        return self._closely < _CLOSELY or self._refused % _ONE_OF_STRANGE == 0
