"""Write `<provider>.json`: key paths and enum values from the lists below and from the fixtures of the tests.

Run `python -m moonshine_assets.exports.known.make_known` after a fixture or a list has changed. The lists are what the
format descriptions name and what was seen in exports that people published; names alone, never a text.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from moonshine_assets.errors import BadInput
from moonshine_assets.exports.adapters import BY_PROVIDER
from moonshine_assets.exports.known.inventory import KNOWN_FOLDER, Known
from moonshine_assets.exports.known.names import NAMED, Named
from moonshine_assets.exports.radar import Inventory
from moonshine_assets.exports.split import mapped, split
from moonshine_resources.atomic import write_json
from moonshine_resources.home import PROJECT_ROOT

FIXTURES = PROJECT_ROOT / "tests" / "fixtures" / "exports"


def known_of(named: Named, fixtures: Path = FIXTURES) -> dict[str, Any]:
    """The inventory of one provider as its file has it, keys and values sorted."""
    rules = Known(named.provider, maps=named.maps, opaque=named.opaque, enums=dict(named.enums))
    seen = Inventory(rules)
    shapes = set(named.shapes)
    for path in sorted((fixtures / named.provider).glob("*.json")):
        if not path.name.endswith(".expected.json") and path.stem not in named.invented:
            _take_in(path, seen, shapes)
    keys = set(named.keys)
    values = {path: set(known) for path, known in named.values.items()}
    for place in seen.places():
        if not place.path.endswith("[]"):
            keys.add(place.path)
        if place.values:
            values.setdefault(place.path, set()).update(place.values)
    return {
        "provider": named.provider,
        "shapes": sorted(shapes),
        "maps": sorted(named.maps),
        "opaque": sorted(named.opaque),
        "enums": dict(sorted(named.enums.items())),
        "keys": sorted(keys),
        "values": {path: sorted(known) for path, known in sorted(values.items())},
    }


def _take_in(path: Path, seen: Inventory, shapes: set[str]) -> None:
    """A fixture that is refused, or holds something else than conversations, says nothing about the format."""
    adapter = BY_PROVIDER[seen.known.provider]
    with mapped(path) as view:
        try:
            spans = split(path, view).spans
        except BadInput:
            return
        for start, end in spans:
            try:
                element = json.loads(bytes(view[start:end]))
                if isinstance(element, dict) and adapter.claim(element) is not None:
                    shapes.add(adapter.parse(view[start:end], adapter.context(lambda _: None, {})).shape)
                    seen.add(view[start:end], 0)
            except (ValueError, BadInput):
                continue


def main() -> None:
    for named in NAMED:
        write_json(KNOWN_FOLDER / f"{named.provider}.json", known_of(named))


if __name__ == "__main__":
    main()
