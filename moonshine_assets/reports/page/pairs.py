"""Pairs of the dpo lane beside the tree they come from: what was asked, both answers, and where everybody went on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from moonshine_assets.gates import rows

_TREE = Path(__file__).with_name("tree.sql")
#: Pairs shown of each signal, and characters of each text.
PAIRS = 3
CHARACTERS = 1_200
#: Messages of the path above the prompt, and generations below it, that are drawn.
_ABOVE, _BELOW = 2, 3
#: Children of one message that are drawn.
_CHILDREN = 12


class Node(NamedTuple):
    """A message of the tree. `part` is prompt, chosen, rejected or empty; `left_out` children are not drawn."""

    label: str
    tokens: int
    part: str
    on_active_path: bool
    left_out: int
    children: list[Node]


class Shown(NamedTuple):
    """A pair as it is shown; texts are those of the lane's row, redacted, and cut. `above` messages are not drawn."""

    row: Mapping[str, Any]
    prompt: str
    chosen: str
    rejected: str
    above: int
    roots: list[Node]


def shown_pairs(connection: duckdb.DuckDBPyConnection, lane_rows: Iterable[Mapping[str, Any]]) -> list[Shown]:
    """The first pairs of every signal, by record_uid.

    Args:
        connection: the mash the lane was built from.
        lane_rows: rows of the dpo lane.
    """
    taken: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in lane_rows:
        if len(taken[row["signal"]]) < PAIRS:
            taken[row["signal"]].append(row)
    return [_shown(connection, row) for signal in sorted(taken) for row in taken[signal]]


def _shown(connection: duckdb.DuckDBPyConnection, row: Mapping[str, Any]) -> Shown:
    messages = rows(
        connection,
        _TREE.read_text("utf-8"),
        {"run_id": row["provider_run_id"], "conversation_id": row["conversation_id"]},
    )
    chosen, rejected = row["node_ids"][-2], row["node_ids"][-1]
    parts = {chosen: "chosen", rejected: "rejected"}
    if len(row["node_ids"]) > 2:
        parts[row["node_ids"][-3]] = "prompt"
    tree = _Tree(messages, parts)
    top, above = tree.top(chosen)
    return Shown(
        row,
        _cut(_last_text(row["prompt"])),
        _cut(_last_text(row["chosen"])),
        _cut(_last_text(row["rejected"])),
        above,
        [tree.node(one, _ABOVE + _BELOW) for one in top],
    )


class _Tree:
    """A conversation's messages by their parents."""

    def __init__(self, messages: list[dict[str, Any]], parts: Mapping[str, str]) -> None:
        self._messages = {message["message_id"]: message for message in messages}
        self._parts = parts
        self._children: dict[str | None, list[str]] = defaultdict(list)
        for message in messages:
            parent = message["parent_id"] if message["parent_id"] in self._messages else None
            self._children[parent].append(message["message_id"])

    def top(self, message_id: str) -> tuple[list[str], int]:
        """Where the drawing begins, and how many messages stand above it."""
        path = list(self._path(message_id))
        keep = path[max(0, len(path) - 2 - _ABOVE) :]
        return (keep[:1] if len(path) > len(keep) else self._children[None]), len(path) - len(keep)

    def node(self, message_id: str, generations: int) -> Node:
        message = self._messages[message_id]
        children = self._children[message_id]
        drawn = children[:_CHILDREN] if generations else []
        who = message["model"] or message["author_kind"].replace("_", " ")
        return Node(
            f"{message['role']} · {who}" + ("" if message["visible"] else " · hidden"),
            message["tokens"],
            self._parts.get(message_id, ""),
            message["on_active_path"],
            len(children) - len(drawn),
            [self.node(child, generations - 1) for child in drawn],
        )

    def _path(self, message_id: str) -> Iterator[str]:
        """From the root down to a message."""
        way: list[str] = []
        here: str | None = message_id
        while here is not None and here in self._messages and here not in way:
            way.append(here)
            here = self._messages[here]["parent_id"]
        return reversed(way)


def _last_text(messages: list[dict[str, Any]]) -> str:
    return str(messages[-1].get("content") or "") if messages else ""


def _cut(text: str) -> str:
    return text if len(text) <= CHARACTERS else f"{text[:CHARACTERS]} … ({len(text) - CHARACTERS:,} more characters)"
