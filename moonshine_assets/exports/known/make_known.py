"""Make or extend a provider's inventory: `python -m moonshine_assets.exports.known.make_known PROVIDER [EXPORT …]`.

`<provider>.json` is the inventory itself: its lists are written by hand where a description names more than any export
has. This adds the names that the provider's fixtures and the exports given have, and takes nothing away. Names alone,
never a text or an id. Without a provider: all of them, from their fixtures.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

from moonshine_assets.errors import BadInput
from moonshine_assets.exports.adapters import BY_PROVIDER
from moonshine_assets.exports.container import Container, opened
from moonshine_assets.exports.found import Found, found_in
from moonshine_assets.exports.known.inventory import KNOWN_FOLDER, Known, above, known_from
from moonshine_assets.exports.pieces import Piece, file_pieces
from moonshine_assets.exports.radar import ANY, Inventory, Place
from moonshine_assets.exports.split import mapped
from moonshine_resources.atomic import read_json, write_json
from moonshine_resources.home import PROJECT_ROOT

FIXTURES = PROJECT_ROOT / "tests" / "fixtures"
_EXPECTED = ".expected.json"
#: Fields that hold one of a few values in most formats, and what a new value of them is called.
_ENUMS = {
    "role": "role",
    "sender": "role",
    "author": "role",
    "type": "type",
    "content_type": "type",
    "kind": "type",
    "status": "value",
    "phase": "value",
    "stop_reason": "value",
    "finish_reason": "value",
}


def path_of(provider: str) -> Path:
    """The file of a provider's inventory."""
    return KNOWN_FOLDER / f"{provider}.json"


def skeleton(provider: str) -> dict[str, Any]:
    """The inventory of a provider of whom nothing is known yet."""
    empty: dict[str, Any] = {"provider": provider, "shapes": [], "maps": [], "opaque": [], "same": {}}
    return {**empty, "enums": _ENUMS, "keys": {}, "values": {}, "invented": []}


def extended(said: dict[str, Any], exports: Iterable[Path]) -> dict[str, Any]:
    """The value of an inventory's file with the names that exports have, everything sorted."""
    exports = list(exports)
    known = known_from(said)
    shapes = set(said["shapes"])
    seen = Inventory(known)
    for path in exports:
        shapes.update(shape for shape in look_into(path, known, partial(_add, seen)) if not known.has_shape(shape))
    keys = {parent: dict(names) for parent, names in said["keys"].items()}
    values = {path: set(named) for path, named in said["values"].items()}
    maps = {place.path for place in (seen.root, *seen.places()) if _is_map(place)}
    if not maps <= known.maps:
        return extended({**said, "maps": sorted(maps | known.maps)}, exports)
    for place in seen.places():
        if not place.path.endswith(("[]", ANY)):
            parent = above(place.path)
            name = place.path[len(parent) :].lstrip(".")
            types = set(place.types) | set(keys.get(parent, {}).get(name, "").split("|")) - {""}
            keys.setdefault(parent, {})[name] = "|".join(sorted(types))
        if place.values:
            values.setdefault(place.path, set()).update(place.values)
    return {
        "provider": said["provider"],
        "shapes": sorted(shapes),
        "maps": sorted(said["maps"]),
        "opaque": sorted(said["opaque"]),
        "same": dict(sorted(said["same"].items())),
        "enums": dict(sorted(said["enums"].items())),
        "keys": {parent: dict(sorted(keys[parent].items())) for parent in sorted(keys)},
        "values": {path: sorted(values[path]) for path in sorted(values)},
        "invented": sorted(said["invented"]),
    }


def _is_map(place: Place) -> bool:
    """Whether an object's keys are ids: some of them look like it, and what the others hold is of the same kind."""
    ids = place.below.get(ANY)
    return ids is not None and all(
        other.types.keys() <= ids.types.keys() and other.below.keys() <= ids.below.keys()
        for other in place.below.values()
        if other is not ids
    )


def _add(seen: Inventory, piece: Piece) -> None:
    if isinstance(piece, dict):
        seen.add_value(piece, 0)
    else:
        seen.add(piece, 0)


def look_into(path: Path, known: Known, take: Callable[[Piece], None]) -> set[str]:
    """Give every conversation or record of one export to `take`; the format generations of its conversations.

    Files that are refused are passed over. What `take` is given must not be kept: it is a view on an open file.
    """
    adapter = BY_PROVIDER[known.provider]
    is_log = hasattr(adapter, "claim_lines")
    shapes: set[str] = set()
    with tempfile.TemporaryDirectory(prefix="moonshine-known-") as folder, opened(path) as container:
        members = list(container.sizes)
        if is_log:
            members = members if container.is_plain else adapter.log_files(container.sizes)
            found = adapter.conversations(container.read_whole, members)
            shapes.update(one.parsed.shape for one in found if one.parsed is not None)
        elif not container.is_plain:
            members = adapter.conversation_members(container.sizes, container.read) or members
        for name in members:
            on_disk = container.on_disk(name, Path(folder))
            try:
                with mapped(on_disk) as view:
                    pieces = file_pieces(adapter, known, name, view, container.read_whole)
                    for piece in pieces or ():
                        take(piece)
                    for one in () if is_log else _conversations(adapter, name, on_disk, view, container):
                        shapes.add(one.parsed.shape if one.parsed is not None else "")
                        if pieces is None and one.parsed is not None:
                            take(one.element.data)
            except BadInput:
                continue
    return shapes - {""}


def _conversations(
    adapter: ModuleType, name: str, on_disk: Path, view: memoryview, container: Container
) -> Iterator[Found]:
    return found_in(adapter, name, on_disk, view, adapter.context(container.read, container.sizes))[1]


def fixtures_of(provider: str, invented: Iterable[str] = (), fixtures: Path = FIXTURES) -> list[Path]:
    """The exports among a provider's fixtures, without those of things no export has."""
    left_out = set(invented)
    return [
        path
        for kind in ("exports", "logs")
        for path in sorted((fixtures / kind / provider).glob("*"))
        if not path.name.endswith(_EXPECTED) and path.stem not in left_out
    ]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="make_known", description="make or extend a provider's inventory")
    parser.add_argument("provider", nargs="?", choices=sorted(BY_PROVIDER))
    parser.add_argument("exports", nargs="*", type=Path)
    given = parser.parse_args(arguments)
    for provider in [given.provider] if given.provider else sorted(BY_PROVIDER):
        path = path_of(provider)
        said = read_json(path) if path.exists() else skeleton(provider)
        write_json(path, extended(said, [*fixtures_of(provider, said["invented"]), *given.exports]))


if __name__ == "__main__":
    main()
