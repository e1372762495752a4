"""A JSON report whose fields may be quoted: finding a field, and printing it with where it stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from moonshine_assets.errors import GateFailed
from moonshine_resources.atomic import read_json
from moonshine_resources.home import Home

#: Fields by which an item of a list is named in a citation ("waterfall.system_text.tokens").
_NAMES_OF_ITEMS = ("reason", "provider", "run_id", "counter")


@dataclass(frozen=True, slots=True)
class Quotable:
    """A JSON file below `reports/`, by the name citations give it."""

    name: str
    document: dict[str, Any]

    @classmethod
    def read(cls, home: Home, path: Path) -> Quotable:
        """The file as it stands.

        Raises:
            GateFailed: it is not there, so the stage that writes it has not run.
        """
        if not path.exists():
            raise GateFailed("is missing", where=within(home, path), fix="run the stage that writes it first")
        return cls(path.relative_to(home.reports).as_posix(), read_json(path))

    def total(self, *field: str) -> str:
        """A number as reports print it: `293,480 [token_ledger.json#content_tokens_non_system]`."""
        where = ".".join(field)
        return f"{field_of(self.document, where):,} [{self.name}#{where}]"


def within(home: Home, path: Path) -> str:
    """A path as manifests name it: relative to the data home."""
    return path.relative_to(home.root).as_posix()


def field_of(document: Any, field: str) -> Any:
    """The value of a field: names joined by dots, or a JSON pointer (`/a/0/b`).

    An item of a list is named by its rank or by its reason, provider, run id or counter.

    Raises:
        LookupError: there is no such field, or a name means several items.
    """
    value = document
    if field.startswith("/"):
        steps = [step.replace("~1", "/").replace("~0", "~") for step in field[1:].split("/")]
    else:
        steps = field.split(".")
    for step in steps:
        value = _child(value, step)
    return value


def _child(value: Any, step: str) -> Any:
    if isinstance(value, Mapping):
        return value[step]
    if isinstance(value, Sequence) and not isinstance(value, str):
        if step.isdecimal():
            return value[int(step)]
        named = [
            item for item in value if isinstance(item, Mapping) and step in [item.get(name) for name in _NAMES_OF_ITEMS]
        ]
        if len(named) == 1:
            return named[0]
    raise LookupError(step)
