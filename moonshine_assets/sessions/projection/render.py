"""What was said, as lines of Markdown; everything from a log stands behind `> `.

The form of an entry, which `parts` reads again:

    ## user · 2026-11-28T05:39:12Z · 2026-11-28 16:39:12 AEDT · line 17 · id 5e0c…
    > what was said
    ### call Bash · id toolu_01
    > command: ls -la
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo
from typing import Any, NamedTuple

from moonshine_assets.exports.records import Block
from moonshine_assets.sessions.projection.said import Said

QUOTE = "> "
#: Characters of a name that stands in a heading.
_NAME = 80
_ID = 200
#: Values that are pictures or packed bytes, not words.
_PACKED = 4_096


class Rendered(NamedTuple):
    """An entry: its id, its lines without line breaks, the heading first."""

    message_id: str
    lines: list[str]


def rendered(said: Said, line: int, zone: tzinfo) -> Rendered:
    """The lines of an entry.

    Args:
        said: what was said.
        line: number of its line in the log, from 1.
        zone: for the local time.
    """
    message_id = named(said.message_id, _ID)
    facts = [said.who, *times(said.at, zone), *([named(said.model, _NAME)] if said.model else [])]
    facts += [said.note] if said.note else []
    also = "".join(f" · also {named(name, _ID)}" for name in said.also)
    found = [f"## {' · '.join(facts)} · line {line} · id {message_id}{also}"]
    for block in said.blocks:
        if block.kind == "text" and len(found) > 1 and block.text:
            found.append("### text")
        found += _block(block)
    return Rendered(message_id, found)


def times(at: int | None, zone: tzinfo) -> list[str]:
    """A time in UTC and where the person lives; `time unknown` for none."""
    if at is None:
        return ["time unknown"]
    moment = datetime.fromtimestamp(at / 1_000_000, UTC).replace(microsecond=0)
    local = moment.astimezone(zone)
    return [moment.strftime("%Y-%m-%dT%H:%M:%SZ"), local.strftime("%Y-%m-%d %H:%M:%S %Z")]


def quoted(text: str) -> Iterator[str]:
    """A text's lines behind `> `; what would steer a terminal becomes visible. Only line feeds end lines."""
    for line in text.replace("\r\n", "\n").strip("\n").split("\n"):
        yield (QUOTE + _visible(line)).rstrip(" ") if not line.strip() else QUOTE + _visible(line)


def named(text: str, most: int) -> str:
    """A name from a log as it stands in a heading: one line, nothing that could be taken for a separator."""
    kept = "".join(character if character.isprintable() else "�" for character in text[:most])
    return " ".join(kept.replace("·", "-").split()) or "-"


def flattened(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every text, number and truth value in a JSON value, under the path of its keys; packed bytes are left out."""
    stack: list[tuple[str, Any]] = [(path, value)]
    while stack:
        at, one = stack.pop()
        if isinstance(one, dict):
            stack += [(f"{at}.{key}" if at else str(key), item) for key, item in reversed(one.items())]
        elif isinstance(one, list):
            stack += [(f"{at}[{rank}]", item) for rank, item in reversed(list(enumerate(one)))]
        elif isinstance(one, str):
            if not _is_packed(one):
                yield at, one
        elif one is not None:
            yield at, json.dumps(one)


def _block(block: Block) -> Iterator[str]:
    if block.kind == "tool_call":
        yield _heading("call", block)
        for path, value in flattened(_arguments(block)):
            key = f"{named(path, _NAME)}:" if path else ""
            if "\n" in value:
                yield from quoted(key) if key else ()
                yield from quoted(value)
            else:
                yield from quoted(f"{key} {value}".strip())
    elif block.kind == "tool_result":
        yield _heading("result", block) + (" · error" if block.is_error else "")
        yield from quoted(block.text) if block.text else ()
    elif block.kind == "text" and block.text:
        yield from quoted(block.text)
    elif block.kind in ("thinking", "code", "error", "file", "citation") and block.text:
        yield f"### {block.kind}"
        yield from quoted(block.text)
    elif block.kind in ("image", "audio", "file"):
        yield f"### {block.kind}"
        yield from quoted("(in the archive, not shown here)")


def _heading(kind: str, block: Block) -> str:
    name = named(block.tool_name or "", _NAME)
    return f"### {kind} {name}" + (f" · id {named(block.tool_call_id, _ID)}" if block.tool_call_id else "")


def _arguments(block: Block) -> Any:
    if block.arguments is None:
        return block.text or ""
    try:
        return json.loads(block.arguments)
    except (ValueError, RecursionError):
        return block.arguments


def _visible(line: str) -> str:
    return "".join(character if character.isprintable() or character == "\t" else "�" for character in line)


def _is_packed(text: str) -> bool:
    """Base64 and the like: long, and without a blank."""
    return len(text) > _PACKED and not any(character.isspace() for character in text[:_PACKED])
