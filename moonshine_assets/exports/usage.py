"""What answers cost in tokens, as agents log it: once an answer, however often it is repeated."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from moonshine_assets.exports.decode import compact_json
from moonshine_assets.exports.fields import count

#: The counts of `Message.usage`; `input` is what is neither read from nor written to a cache, where a log tells them
#: apart.
KEYS = ("input", "output", "cache_read", "cache_write", "reasoning")


def usage_of(stated: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, int]:
    """The counts that are known: `names` maps each key of ours to the log's."""
    found = {key: count(stated.get(names[key])) for key in KEYS if key in names}
    return {key: number for key, number in found.items() if number is not None}


def largest(usages: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """Every count at its largest: snapshots of one answer repeat or grow, and are never summed."""
    found: dict[str, int] = {}
    for usage in usages:
        for key, number in usage.items():
            found[key] = max(number, found.get(key, 0))
    return found


def usage_json(usage: Mapping[str, int]) -> str | None:
    """Compact JSON in the order of KEYS; None when nothing is known."""
    return compact_json({key: usage[key] for key in KEYS if key in usage}) if usage else None
