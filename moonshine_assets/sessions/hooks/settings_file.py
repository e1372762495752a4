"""An agent's settings file: read whole, written beside and renamed, in the form its owner gave it."""

from __future__ import annotations

import json
import re
import stat
from pathlib import Path
from typing import Any

from moonshine_assets.errors import BadInput
from moonshine_resources.atomic import atomic_file

_INDENT = re.compile(rb"^\{\r?\n([ \t]+)", re.ASCII)
#: Such files hold keys.
_PRIVATE = 0o600


def read(path: Path) -> bytes | None:
    """The bytes of a file; None when it is not there.

    Raises:
        BadInput: it cannot be read.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise BadInput("cannot be read", where=str(path), fix="check its permissions") from error


def parsed(data: bytes | None, path: Path) -> dict[str, Any]:
    """The object that a file holds; a file that is not there or empty holds none.

    Raises:
        BadInput: it is not a JSON object; nothing can be added to it without losing what its owner wrote.
    """
    if data is None or not data.strip():
        return {}
    try:
        value = json.loads(data.decode("utf-8"))
    except ValueError as error:
        line = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
        raise BadInput(
            f"not valid JSON{line}", where=str(path), fix="mend it, comments included, then run the same again"
        ) from error
    if not isinstance(value, dict):
        raise BadInput("not a JSON object", where=str(path), fix="mend it, then run the same again")
    return value


def rendered(value: dict[str, Any], like: bytes | None) -> bytes:
    """An object in the form of a file: its indentation, its line ends, with or without a final line break."""
    found = _INDENT.match(like or b"")
    indent: str | int = found[1].decode() if found else 2
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    if like is None or not like.strip() or like.endswith(b"\n"):
        text += "\n"
    if like is not None and b"\r\n" in like:
        text = text.replace("\n", "\r\n")
    return text.encode("utf-8")


def write(path: Path, data: bytes) -> None:
    """Replace a file durably, with the permissions it had; what a link points to is replaced, not the link.

    Raises:
        StorageFull: there is no space; the file is as it was.
    """
    target = path.resolve()
    mode = stat.S_IMODE(target.stat().st_mode) if target.exists() else _PRIVATE
    with atomic_file(target, mode=mode) as stream:
        stream.write(data)


def remove(path: Path) -> None:
    """Take a file away that was not there before."""
    path.unlink(missing_ok=True)
