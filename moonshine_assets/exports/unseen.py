"""What an inventory of conversations holds and the known inventory of their format does not.

In: both. Out: findings by path, with counts. Always: one finding for one new thing, however much stands in it.
"""

from __future__ import annotations

from dataclasses import dataclass

from moonshine_assets.exports.known.inventory import Known, above
from moonshine_assets.exports.radar import ANY, Inventory


@dataclass(frozen=True, slots=True)
class Unseen:
    """Something not known.

    `kind` is key, shape, json_type or what the enum is called; `json_type` what stands there; `example_rank` the
    conversation where it first stood; `known` what is known in its place, where that is a list of values or types.
    """

    path: str
    kind: str
    json_type: str
    count: int
    example_rank: int
    known: str = ""


def unseen(inventory: Inventory, known: Known) -> list[Unseen]:
    """What an inventory holds and `known` does not; of a new object only the object itself, not what is in it.

    Keys that are ids or words are nobody's news: below them only what a known map holds is compared.
    """
    found: list[Unseen] = []
    strange: set[str] = set()
    for place in inventory.places():
        path, holder = place.path, above(place.path)
        if holder in strange:
            strange.add(path)
            continue
        if path.endswith(f".{ANY}") or path == ANY:
            if holder not in known.maps:
                strange.add(path)
                continue
        elif not path.endswith("[]"):
            if path not in known.keys:
                strange.add(path)
                found.append(Unseen(path, "key", place.json_type, place.count, place.first))
                continue
            for new in sorted(known.new_types(path, frozenset(place.types))):
                strange.add(path)
                stood = "|".join(sorted(known.keys[path]))
                found.append(Unseen(path, "json_type", new, place.types[new], place.first, stood))
        known_values = known.values.get(path)
        if known_values is None:
            continue
        found += [
            Unseen(f"{path} = {value}", place.kind or "", "string", count, first, " ".join(sorted(known_values)))
            for value, (count, first) in sorted(place.values.items())
            if value not in known_values
        ]
    return found
