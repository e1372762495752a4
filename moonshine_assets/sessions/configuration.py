"""`moon.toml` and the environment to the settings that apply, and where each of them comes from.

The environment wins: `MOON_<SECTION>_<KEY>`, for instance MOON_THRESHOLDS_ARCHIVE. Lists are given as TOML. A key
nobody knows is an error that names the nearest one; so is a variable that can only be meant for us.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, get_args, get_origin, get_type_hints
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from moonshine_assets.errors import BadInput
from moonshine_assets.sessions.settings import Section, Settings

PREFIX = "MOON_"
DEFAULT = "default"
FILE = "moon.toml"
_PAGE = "docs/moon.md lists the keys"
#: How alike a variable is to one of ours before it is taken for a slip; others may use the prefix for their own.
_LIKE = 0.8


class Setting(NamedTuple):
    """One key as it applies. `value` is None for a secret, of which only `is_set` is told."""

    key: str
    value: Any
    origin: str
    is_secret: bool
    is_set: bool


class Configuration(NamedTuple):
    """The settings, and for every key whose value is not the default where it comes from."""

    settings: Settings
    origins: dict[str, str]

    def shown(self) -> list[Setting]:
        """Every key in the order of its declaration; secrets without their values."""
        found = []
        for section, kind in _sections().items():
            table = getattr(self.settings, section)
            for name, hint in get_type_hints(kind, include_extras=True).items():
                value, secret = getattr(table, name), _is_secret(hint)
                origin = self.origins.get(f"{section}.{name}", DEFAULT)
                found.append(Setting(f"{section}.{name}", None if secret else value, origin, secret, value != ""))
        windows = self.settings.windows.items()
        return found + [Setting(f"windows.{model}", tokens, FILE, False, True) for model, tokens in windows]


def load(path: Path, environment: Mapping[str, str]) -> Configuration:
    """The settings of a file that need not exist, under those of the environment.

    Raises:
        BadInput: not TOML, an unknown key, a value of the wrong type or out of bounds, thresholds out of order.
    """
    content = _content(path)
    _refuse_unknown(content)
    origins = {
        f"{section}.{key}": FILE for section, table in content.items() if isinstance(table, dict) for key in table
    }
    for variable, (section, key, hint) in _variables().items():
        if (text := environment.get(variable)) is not None:
            content.setdefault(section, {})[key] = _from_text(text, hint, variable)
            origins[f"{section}.{key}"] = f"environment {variable}"
    _refuse_slips(environment)
    try:
        settings = msgspec.convert(content, Settings)
    except msgspec.ValidationError as error:
        raise BadInput(str(error), where=FILE, fix=_PAGE) from error
    _check(settings)
    return Configuration(settings, origins)


def _content(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput("cannot be read", where=str(path), fix="check its permissions and encoding") from error
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"not valid TOML: {error}", where=str(path), fix="correct that line") from error


def _refuse_unknown(content: Mapping[str, Any]) -> None:
    known = [*_sections(), "windows"]
    for section, table in content.items():
        if section not in known:
            fix = nearest(section, known, "section")
            if owners := [name for name, kind in _sections().items() if section in kind.__struct_fields__]:
                fix = f"it belongs below [{owners[0]}]"
            raise BadInput(f"unknown section {section!r}", where=FILE, fix=fix)
        if section == "windows" or not isinstance(table, dict):
            continue
        names = _sections()[section].__struct_fields__
        for key in table:
            if key not in names:
                raise BadInput(f"unknown key {section}.{key}", where=FILE, fix=nearest(key, names, "key"))


def _refuse_slips(environment: Mapping[str, str]) -> None:
    known = list(_variables())
    ours = tuple(f"{PREFIX}{section.upper()}_" for section in _sections())
    for variable in sorted(environment):
        if not variable.startswith(PREFIX) or variable in known:
            continue
        if variable.startswith(ours) or difflib.get_close_matches(variable, known, n=1, cutoff=_LIKE):
            raise BadInput("unknown setting", where=f"environment {variable}", fix=nearest(variable, known, "variable"))


def nearest(given: str, known: list[str] | tuple[str, ...], what: str) -> str:
    """Which of the known names was meant, or all of them where none is like it."""
    close = difflib.get_close_matches(given, known, n=1, cutoff=0.5)
    return f"did you mean the {what} {close[0]!r}?" if close else f"known are {', '.join(known)}"


def _sections() -> dict[str, type[Section]]:
    hints = get_type_hints(Settings)
    return {name: kind for name, kind in hints.items() if isinstance(kind, type) and issubclass(kind, Section)}


def _variables() -> dict[str, tuple[str, str, Any]]:
    """Name of the variable → section, key and type."""
    return {
        f"{PREFIX}{section}_{key}".upper(): (section, key, hint)
        for section, kind in _sections().items()
        for key, hint in get_type_hints(kind, include_extras=True).items()
    }


def _from_text(text: str, hint: Any, variable: str) -> Any:
    """A variable's text as its key's type; the text itself is never repeated in an error."""
    is_list = get_origin(hint) is tuple
    try:
        value = tomllib.loads(f"value = {text}")["value"] if is_list else text
        return msgspec.convert(value, hint, strict=False)
    except (msgspec.ValidationError, tomllib.TOMLDecodeError) as error:
        problem = "not a TOML list" if isinstance(error, tomllib.TOMLDecodeError) else str(error)
        raise BadInput(problem, where=f"environment {variable}", fix=_PAGE) from error


def _is_secret(hint: Any) -> bool:
    return any((getattr(meta, "extra", None) or {}).get("secret") for meta in get_args(hint)[1:])


def _check(settings: Settings) -> None:
    """What types cannot say."""
    limits = settings.thresholds
    if not limits.hysteresis < limits.archive < limits.prune < limits.distill:
        raise BadInput(
            "the thresholds are out of order",
            where=FILE,
            fix="thresholds must rise: hysteresis < archive < prune < distill",
        )
    try:
        ZoneInfo(settings.distill.residential_timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise BadInput(
            "distill.residential_timezone is no time zone", where=FILE, fix="give a name like Europe/Berlin"
        ) from error
