"""What memory keeps above the days: a file of records, and its view in `memory/memory.md` that a person may edit.

A statement whose line a person deletes from our section is forgotten for good; what they write around it stays.
"""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from moonshine_assets.errors import Corruption
from moonshine_assets.sessions.daily.sections import body_of, harmless, put
from moonshine_assets.sessions.distillation.statements import KINDS, Kind, Statement
from moonshine_resources.atomic import atomic_file, write_text
from moonshine_resources.home import Home

SCHEMA_VERSION = 1
MARK, NAME = "MOON_MEMORY", "kept"


class Kept(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A statement with every session that said so: session key → ids of its messages. `at` as in `Statement`."""

    kind: Kind
    text: Annotated[str, Meta(min_length=1)]
    sources: Annotated[dict[str, tuple[str, ...]], Meta(min_length=1)]
    at: int | None = None

    @property
    def line(self) -> str:
        told = "; ".join(f"{harmless(key)} {', '.join(map(harmless, ids))}" for key, ids in self.sources.items())
        return f"- {harmless(self.text)} [{told}]"


class Memory(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The file. `synthesised_for` is the last day that was taken in, ISO; `forgotten` are hashes of texts that a person
    struck out."""

    schema_version: int = SCHEMA_VERSION
    synthesised_for: str = ""
    kept: tuple[Kept, ...] = ()
    forgotten: tuple[str, ...] = ()


def text_hash(kind: str, text: str) -> str:
    """What a struck-out statement is known by: its words are not kept."""
    return sha256(f"{kind}\0{text.casefold()}".encode()).hexdigest()


def read_memory(home: Home) -> Memory:
    """The memory, without what a person has struck out of `memory.md` since it was written.

    Raises:
        Corruption: the file is not one any more.
    """
    path = records_path(home)
    try:
        memory = msgspec.json.decode(path.read_bytes(), type=Memory)
    except FileNotFoundError:
        return Memory()
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Corruption(
            "not the records of memory any more", where=str(path), fix="move the file away; memory begins anew"
        ) from error
    shown = page_path(home)
    body = body_of(shown.read_text("utf-8"), MARK, NAME) if shown.exists() else None
    if body is None:
        return memory
    lines = set(body.splitlines())
    struck = [one for one in memory.kept if one.line not in lines]
    hashes = {*memory.forgotten, *(text_hash(one.kind, one.text) for one in struck)}
    kept = tuple(one for one in memory.kept if one.line in lines)
    return msgspec.structs.replace(memory, kept=kept, forgotten=tuple(sorted(hashes)))


def write_memory(home: Home, memory: Memory) -> None:
    """Write the page, then the records. After a crash between the two the day is taken in again, with the same end."""
    path = page_path(home)
    text = path.read_text("utf-8") if path.exists() else "# Memory\n"
    made = put(text, MARK, NAME, _body(memory))
    if made != text or not path.exists():
        write_text(path, made)
    with atomic_file(records_path(home)) as stream:
        stream.write(msgspec.json.format(msgspec.json.encode(memory), indent=2) + b"\n")


def page_path(home: Home) -> Path:
    return home.memory / "memory.md"


def records_path(home: Home) -> Path:
    return home.moon_state.with_name("memory.json")


def as_kept(statement: Statement, key: str) -> Kept:
    return Kept(kind=statement.kind, text=statement.text, sources={key: statement.message_ids}, at=statement.at)


def _body(memory: Memory) -> str:
    from moonshine_assets.sessions.daily.day import HEADINGS

    parts = [f"Kept up to {memory.synthesised_for}. Delete a line and it stays away."]
    for kind in KINDS:
        of_kind = [one.line for one in memory.kept if one.kind == kind]
        if of_kind:
            parts.append("\n".join([f"## {HEADINGS[kind]}", "", *of_kind]))
    return "\n\n".join(parts)
