"""The entries of a session to a conversation (EXPORT-FORMATS §15).

In: its lines, from one file or several. Out: a `ParsedConversation` with a node for every line. Always: an entry that
stands in several files counts once, and one that was copied from another session is that session's.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from moonshine_assets.exports.adapters.openclaw.message import message_of
from moonshine_assets.exports.fields import ident, items, mapping, text_or_none
from moonshine_assets.exports.lines import Line
from moonshine_assets.exports.records import BadNode, Message, Node, ParsedConversation
from moonshine_assets.exports.replay import Owners, print_of
from moonshine_assets.exports.times import to_micros

_LEAF_KEYS = ("targetId", "leafId", "entryId", "target")


class Known(NamedTuple):
    """What is known of a session from beside its entries: the name of its conversation, where it comes from, and who
    prompts it (human, model, client_injected)."""

    conversation_id: str
    parent: str | None = None
    prompted_by: str = "human"
    is_sub_agent: bool = False
    title: str | None = None


class Tree:
    """The nodes of a session in the order of its lines."""

    def __init__(self, conversation_id: str, entries: list[dict[str, Any]], owners: Owners) -> None:
        self.nodes: list[Node] = []
        self.messages: list[Message] = []
        self.current: str | None = None
        self.continues: str | None = None
        self.replayed = 0
        self.flags: set[str] = set()
        self._owner_of = owners
        self._conversation_id = conversation_id
        self._ids = {name for entry in entries if (name := ident(entry.get("id")))}
        self._known: dict[bytes, Node] = {}
        self._taken: set[str] = set()
        self._tools: dict[str, str | None] = {}
        self._calls: dict[str, str] = {}  # call id → the answer that made it
        self._answered: dict[str, str] = {}  # answer → the last of its results that points to a call
        self._copies: dict[str, int] = {}
        self._previous: str | None = None
        for number, entry in enumerate(entries):
            self._take(number, entry)

    def _take(self, number: int, entry: dict[str, Any]) -> None:
        record_id = ident(entry.get("id"))
        copy = print_of(record_id or str(entry.get("timestamp")), {**entry, "parentId": None})
        if (known := self._known.get(copy)) is not None and (record_id or entry.get("timestamp") is not None):
            self.nodes.append(known)
            return
        message = message_of(entry, self._tools)
        owner = self._owner(record_id, entry) if message is not None else None
        if owner is not None:
            message = None
            self.replayed += 1
            self.continues = self.continues or owner
            self.flags.add("replay_dropped")
        node = Node(self._name(record_id, number), self._parent(entry), message)
        self.nodes.append(node)
        self._known[copy] = node
        self._follow(entry, node)
        if message is not None:
            self.messages.append(message)

    def _owner(self, record_id: str | None, entry: dict[str, Any]) -> str | None:
        name = record_id or ident(entry.get("timestamp"))
        if name is None:
            return None
        return self._owner_of.claim(
            name, [entry.get("type"), entry.get("message"), entry.get("timestamp")], self._conversation_id
        )

    def _name(self, record_id: str | None, number: int) -> str:
        name = stated = record_id or f"line-{number}"
        while name in self._taken:
            self.flags.add("duplicate_ids")
            self._copies[stated] = self._copies.get(stated, 1) + 1
            name = f"{stated}#{self._copies[stated]}"
        self._taken.add(name)
        return name

    def _parent(self, entry: dict[str, Any]) -> str | None:
        if entry.get("type") == "session":
            return None
        if "parentId" not in entry:
            return self._previous
        pointer = ident(entry.get("parentId"))
        if pointer in self._calls and pointer not in self._ids:
            home = self._calls[pointer or ""]
            return self._answered.get(home, home)
        return pointer

    def _follow(self, entry: dict[str, Any], node: Node) -> None:
        """What comes after: the shown leaf is the last entry, or the one a leaf entry names."""
        self._previous = node.node_id
        self.current = node.node_id
        if entry.get("type") == "leaf":
            named = (name for key in _LEAF_KEYS if (name := ident(entry.get(key))))
            self.current = next(named, self.current)
        said = mapping(entry.get("message"))
        for part in items(said.get("content")):
            if (call_id := ident(mapping(part).get("id"))) and mapping(part).get("type") == "toolCall":
                self._calls[call_id] = node.node_id
        answered = ident(said.get("toolCallId"))
        if answered in self._calls and entry.get("parentId") == answered:
            self._answered[self._calls[answered or ""]] = node.node_id


def conversation(
    known: Known, found: list[Line], bad: list[BadNode], owners: Owners, source_type: str, family: str
) -> ParsedConversation:
    """The conversation that the lines of a session make.

    Args:
        known: what is known of it from elsewhere.
        found: all of its lines that parsed, in order.
        bad: those that did not.
        owners: which conversation entries belong to.
        source_type, family: `openclaw_log` and `openclaw`, or those of pi.
    """
    entries = [line.value for line in found if line.value is not None]
    tree = Tree(known.conversation_id, entries, owners)
    if known.prompted_by != "human":
        for message in tree.messages:
            if message.author_kind == "human":
                message.author_kind = known.prompted_by
    header = next((entry for entry in entries if entry.get("type") == "session"), {})
    version = header.get("version")
    shape = f"{family}-headerless" if not header else f"{family}-v{version if isinstance(version, int) else 1}"
    times = [at for entry in entries if (at := to_micros(entry.get("timestamp"))) is not None]
    models = [message.model for message in tree.messages if message.model]
    names = [
        name for entry in entries if entry.get("type") == "session_info" and (name := text_or_none(entry.get("name")))
    ]
    return ParsedConversation(
        conversation_id=known.conversation_id,
        shape=shape,
        source_type=source_type,
        nodes=tree.nodes,
        nodes_in=len(entries) + len(bad),
        current=tree.current,
        title=names[-1] if names else known.title,
        created_at=min(times, default=None),
        updated_at=max(times, default=None),
        default_model=models[-1] if models else text_or_none(header.get("modelId")),
        project=text_or_none(header.get("cwd")),
        flags=sorted(
            {flag for line in found for flag in line.flags}
            | tree.flags
            | ({"sub_agent"} if known.is_sub_agent else set())
        ),
        bad_nodes=bad,
        parent_conversation_id=known.parent or tree.continues,
        replayed=tree.replayed,
    )
