"""The fixtures of every registered provider, each as the files a person would hand in."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import NamedTuple

from moonshine_assets.exports.adapters import BY_PROVIDER

_FIXTURES = Path(__file__).parents[1] / "fixtures"


class Seed(NamedTuple):
    """One fixture: its provider, its name, and its files by their names in it."""

    provider: str
    name: str
    files: dict[str, bytes]


def providers() -> list[str]:
    """Every provider of the registry, in its order."""
    return list(BY_PROVIDER)


@cache
def seeds(provider: str) -> tuple[Seed, ...]:
    """A provider's fixtures, by name; there are some."""
    folder = next(found for kind in ("exports", "logs") if (found := _FIXTURES / kind / provider).is_dir())
    found = tuple(
        Seed(provider, entry.name, _files(entry))
        for entry in sorted(folder.iterdir())
        if not entry.name.endswith(".expected.json")
    )
    assert found, f"no fixtures of {provider}"
    return found


def _files(entry: Path) -> dict[str, bytes]:
    if entry.is_file():
        return {entry.name: entry.read_bytes()}
    return {
        file.relative_to(entry).as_posix(): file.read_bytes() for file in sorted(entry.rglob("*")) if file.is_file()
    }
