"""Case number so-and-so of a seed: which fixture, which mutation, and the files that come of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from fuzz.byte_mutators import BYTE_MUTATORS
from fuzz.encodings import decoded, encoded, form_of, plain
from fuzz.large_mutators import LARGE_MUTATORS
from fuzz.layout_mutators import LAYOUT_MUTATORS, unpacked_size, write_plain
from fuzz.markers import plant, same_names, seen, without_rewritten
from fuzz.seeds import Seed, providers, seeds
from fuzz.tree_mutators import TREE_MUTATORS
from fuzz.value_mutators import AGAIN, NESTING, VALUE_MUTATORS

#: One case in so many is a large one.
LARGE_EVERY = 100
SMALL = (*VALUE_MUTATORS, *TREE_MUTATORS, *BYTE_MUTATORS, *LAYOUT_MUTATORS)
LARGE = tuple(LARGE_MUTATORS)
#: What is done where a mutator finds nothing to change.
_INSTEAD = "wrong_types"
_ON_VALUES: dict[str, Callable[[Random, Any], Any]] = {**VALUE_MUTATORS, **TREE_MUTATORS, **LARGE_MUTATORS}
_NESTING = re.compile(rb'"' + NESTING.encode() + rb'(\d+):([\[{])"')


class Plan(NamedTuple):
    """What a case is made of; `mutator` is the one asked for, `fixtures` the names of the fixtures it starts from."""

    number: int
    provider: str
    mutator: str
    fixtures: str


class Made(NamedTuple):
    """An export on disk: its path, the markers the database must hold, its bytes when unpacked."""

    plan: Plan
    path: Path
    markers: set[str]
    size: int


def plan(seed: int, number: int) -> Plan:
    """Provider, mutator and fixture of a case; any providers × mutators small cases in a row are all different."""
    rng = Random(f"{seed}/{number}")
    names = providers()
    if number % LARGE_EVERY == LARGE_EVERY - 1:
        rank = number // LARGE_EVERY
        mutator = LARGE[(rank + rank // len(LARGE)) % len(LARGE)]
        return Plan(
            number, names[(rank * 7) % len(names)], mutator, rng.choice(seeds(names[(rank * 7) % len(names)])).name
        )
    small = number - number // LARGE_EVERY
    provider = names[small % len(names)]
    mutator = SMALL[(small // len(names) + small % len(names)) % len(SMALL)]
    return Plan(number, provider, mutator, rng.choice(seeds(provider)).name)


def make(seed: int, number: int, folder: Path) -> Made:
    """Write the export of a case into an empty folder; the same arguments make the same bytes."""
    made = plan(seed, number)
    rng = Random(f"{seed}/{number}/{made.mutator}")
    fixture = next(found for found in seeds(made.provider) if found.name == made.fixtures)
    other = rng.choice(seeds(made.provider)) if rng.random() < 0.3 else None
    files, markers = _mutated(rng, made, fixture, other)
    if made.mutator in LAYOUT_MUTATORS:
        path = LAYOUT_MUTATORS[made.mutator](rng, files, folder)
    else:
        path = write_plain(files, folder)
    return Made(made, path, markers, unpacked_size(path) if made.mutator != "damaged_zip" else -1)


def _mutated(rng: Random, made: Plan, fixture: Seed, other: Seed | None) -> tuple[dict[str, bytes], set[str]]:
    files: dict[str, bytes] = {}
    markers: set[str] = set()
    forms = {name: form_of(name, data) for name, data in fixture.files.items()}
    with_values = [name for name, form in forms.items() if form != "bytes"] or list(forms)
    mutated = {rng.choice(with_values)} if rng.random() < 0.8 else set(with_values)
    for name, data in fixture.files.items():
        value = decoded(forms[name], data)
        planted: set[str] = set()
        page = b""
        if value is not None:
            if other is not None and isinstance(value, list) and forms[name] == "json":
                value += _list_of(other)
            planted = plant(made.provider, name, value, forms[name])
            # Of a page the tags are the names of its fields, and any change of a value may be one of a tag.
            page = encoded("page", value, data, ascii_only=False) if forms[name] == "page" else b""
            if name in mutated and made.mutator in _ON_VALUES:
                value = _changed(rng, made.mutator, value)
            data = _finished(encoded(forms[name], value, data, ascii_only=rng.random() < 0.5))
        before = page or data
        if name in mutated and made.mutator in BYTE_MUTATORS and data:
            data = BYTE_MUTATORS[made.mutator](rng, data)
        files[name] = data
        # A later line with the id of an earlier one takes its place in a Gemini CLI session.
        rewritten = made.provider == "gemini_cli" and made.mutator == "same_ids"
        if same_names(before, data) and not rewritten:
            markers |= planted & seen(plain(forms[name], without_rewritten(made.provider, data)))
    return files, markers


def _list_of(other: Seed) -> list[Any]:
    for name, data in other.files.items():
        if form_of(name, data) == "json" and isinstance(value := decoded("json", data), list):
            return list(value)
    return []


def _changed(rng: Random, mutator: str, value: Any) -> Any:
    """The value changed; where there is nothing for the mutator to change, one of its types is wrong instead."""
    changed = _ON_VALUES[mutator](rng, value)
    return VALUE_MUTATORS[_INSTEAD](rng, value) if changed is None else changed


def _finished(data: bytes) -> bytes:
    """What no Python value can hold, put in as bytes: deep nesting and keys that come twice."""
    data = _NESTING.sub(lambda found: _nest(int(found[1]), found[2]), data)
    return data.replace(AGAIN.encode(), b"").replace(json_escape(AGAIN), b"")


def json_escape(character: str) -> bytes:
    return f"\\u{ord(character):04x}".encode()


def _nest(depth: int, opener: bytes) -> bytes:
    if opener == b"[":
        return b"[" * depth + b"]" * depth
    return b'{"a":' * depth + b"0" + b"}" * depth
