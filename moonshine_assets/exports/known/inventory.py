"""The known inventory of a provider's format, as its file says it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from moonshine_resources.atomic import read_json

KNOWN_FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Known:
    """What a provider's format is known to hold.

    Args:
        provider: its name; empty for a format nobody knows.
        shapes: format generations by name.
        maps: paths of objects whose keys are ids.
        opaque: paths whose inside is free: arguments of tools, settings of a person.
        enums: field name → what its values are called (type, role, …).
        keys: known key paths.
        values: path of an enum field → its known values.
    """

    provider: str = ""
    shapes: frozenset[str] = frozenset()
    maps: frozenset[str] = frozenset()
    opaque: frozenset[str] = frozenset()
    enums: dict[str, str] = field(default_factory=dict)
    keys: frozenset[str] = frozenset()
    values: dict[str, frozenset[str]] = field(default_factory=dict)


#: For formats nobody knows: no values at all, and maps are guessed.
UNKNOWN = Known()


@cache
def load_known(provider: str) -> Known | None:
    """The known inventory of a provider; None where nobody has made one."""
    path = KNOWN_FOLDER / f"{provider}.json"
    if not path.exists():
        return None
    said = read_json(path)
    return Known(
        provider=provider,
        shapes=frozenset(said["shapes"]),
        maps=frozenset(said["maps"]),
        opaque=frozenset(said["opaque"]),
        enums=said["enums"],
        keys=frozenset(said["keys"]),
        values={path: frozenset(values) for path, values in said["values"].items()},
    )
