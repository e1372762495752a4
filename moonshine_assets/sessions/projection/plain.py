"""Files that are no logs of a known agent: documents, and spilled output of tools."""

from __future__ import annotations

import itertools
import json
from pathlib import PurePosixPath

from moonshine_assets.exports.lines import lines
from moonshine_assets.exports.records import Block
from moonshine_assets.sessions.projection.render import flattened
from moonshine_assets.sessions.projection.said import Said


def is_log(name: str, head: bytes) -> bool:
    """Whether a file, by how it begins, has an object on every line; one called `.json` is one value."""
    if name.endswith(".json"):
        return False
    found = list(itertools.islice(lines(head), 2))
    return bool(found) and found[0].value is not None


def document_entry(name: str, data: bytes, before: bytes | None) -> Said | None:
    """What a file says that it did not say before; None for nothing, and for bytes that are no text.

    A file that is rewritten whole with every turn thus tells each turn once.
    """
    told = _lines(data)
    if before is not None:
        known = set(_lines(before))
        told = [line for line in told if line not in known]
    text = "\n".join(told)
    if not text.strip():
        return None
    path = PurePosixPath(name)
    is_output = path.parent.name == "tool-results"
    block = Block("tool_result", text, tool_name=path.name) if is_output else Block("text", text)
    return Said(path.name, "tool" if is_output else "client", None, [block], note="time of archiving")


def _lines(data: bytes) -> list[str]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return []
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return text.split("\n")
    if not isinstance(value, dict | list):
        return text.split("\n")
    return [f"{path}: {line}" for path, said in flattened(value) for line in said.split("\n")]
