"""The known inventory of a provider's format, as its file says it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

from moonshine_resources.atomic import read_json

KNOWN_FOLDER = Path(__file__).parent

#: JSON types of something that holds others.
CONTAINERS = frozenset({"array", "object"})


@dataclass(frozen=True, slots=True)
class Known:
    """What a provider's format is known to hold.

    Args:
        provider: its name; empty for a format nobody knows.
        shapes: format generations by name; `*` stands for any version.
        maps: paths of objects whose keys are ids or names a person gave.
        opaque: paths whose inside (or value) is free: arguments of tools, settings of a person.
        same: path → the path whose keys stand there too: wrappers, copies, nesting without end.
        enums: field name, or whole path, → what its values are called (type, role, …); empty: no enum there.
        keys: known key path → JSON types seen there; none where only a description names it.
        values: path of an enum field → its known values; one without any is not compared.
        invented: fixtures of things no export has.
    """

    provider: str = ""
    shapes: frozenset[str] = frozenset()
    maps: frozenset[str] = frozenset()
    opaque: frozenset[str] = frozenset()
    same: Mapping[str, str] = field(default_factory=dict)
    enums: Mapping[str, str] = field(default_factory=dict)
    keys: Mapping[str, frozenset[str]] = field(default_factory=dict)
    values: Mapping[str, frozenset[str]] = field(default_factory=dict)
    invented: frozenset[str] = frozenset()

    def has_shape(self, shape: str) -> bool:
        """Whether a format generation is known."""
        return any(fnmatchcase(shape, named) for named in self.shapes)

    def enum(self, path: str) -> str | None:
        """What the values of a field are called; None where they are free."""
        return self.enums.get(path, self.enums.get(path.rpartition(".")[2])) or None

    def new_types(self, path: str, types: frozenset[str]) -> frozenset[str]:
        """Objects and arrays where only plain values were ever seen; other changes of type are not worth a warning."""
        known = self.keys[path]
        if not known - {"null"} or path in self.opaque or path in self.maps:
            return frozenset()
        return (types & CONTAINERS) - known


#: For formats nobody knows: no values at all, and maps are guessed.
UNKNOWN = Known()


def above(path: str) -> str:
    """The path one level up; that of the whole conversation is empty."""
    return path[:-2] if path.endswith("[]") else path.rpartition(".")[0]


def below(path: str, name: str) -> str:
    """The path of a key of the object at `path`."""
    return f"{path}.{name}" if path else name


@cache
def load_known(provider: str) -> Known | None:
    """The known inventory of a provider; None where nobody has made one."""
    path = KNOWN_FOLDER / f"{provider}.json"
    return known_from(read_json(path)) if path.exists() else None


def known_from(said: dict[str, Any]) -> Known:
    """An inventory from the value of its file; what holds known keys is known to be an object or an array, and what is
    opaque, a map, or the same as another place is a known key."""
    keys: dict[str, set[str]] = {}
    for parent, names in said["keys"].items():
        for name, types in names.items():
            keys[below(parent, name)] = set(types.split("|")) - {""}
    for path in list(said["keys"]):
        holds = "object"
        while path:
            if keys.get(path):
                keys[path].add(holds)
            holds, path = ("array" if path.endswith("[]") else "object"), above(path)
    for path in (*said["opaque"], *said["maps"], *said["same"]):
        if not path.endswith(("[]", "*")):
            keys.setdefault(path, set())
    return Known(
        provider=said["provider"],
        shapes=frozenset(said["shapes"]),
        maps=frozenset(said["maps"]),
        opaque=frozenset(said["opaque"]),
        same=said["same"],
        enums=said["enums"],
        keys={path: frozenset(types) for path, types in keys.items()},
        values={path: frozenset(values) for path, values in said["values"].items()},
        invented=frozenset(said["invented"]),
    )
