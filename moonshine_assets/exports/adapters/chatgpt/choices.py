"""A choice between two answers shown side by side, which the prompt's metadata states (EXPORT-FORMATS §2.4).

`paragen_variant_choice` is the id of a message inside the chosen branch; `paragen_variants_info` says how many variants
there were.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from moonshine_assets.exports.adapters.chatgpt.wire import Metadata, WireNode, as_id
from moonshine_assets.exports.decode import compact_json
from moonshine_assets.exports.records import FeedbackRecord, Node


def stated_choices(wire: Iterable[tuple[str, WireNode]], nodes: list[Node]) -> list[FeedbackRecord]:
    """One preference a variant that was not chosen; one with the stated id alone where the choice leads nowhere.

    Args:
        wire: the nodes with their metadata, by id.
        nodes: the same nodes as records.
    """
    asked = [
        (key, choice, node.message.metadata)
        for key, node in wire
        if node.message is not None
        and node.message.metadata is not None
        and (choice := as_id(node.message.metadata.paragen_variant_choice)) is not None
    ]
    tree = _Tree(nodes) if asked else None
    return [
        record
        for key, choice, metadata in asked
        if tree is not None
        for record in _preferences(tree, key, choice, metadata)
    ]


def _preferences(tree: _Tree, prompt: str, choice: str, metadata: Metadata) -> Iterator[FeedbackRecord]:
    chosen = tree.by_any_id.get(choice)
    others: list[Node | None] = []
    if chosen is not None and (branch := tree.branch(prompt, chosen)) is not None:
        beside = [child for child in tree.children.get(prompt, []) if child.node_id != branch.node_id]
        others += [answer for child in beside if (answer := tree.first_answer(child)) is not None]
    payload = compact_json(
        {
            "prompt_id": prompt,
            "paragen_variants_info": metadata.paragen_variants_info,
            "paragen_variant_choice": choice,
        }
    )
    # Answers generated again later are no variants: those came first.
    for other in others[: max(_variants(metadata) - 1, 1)] or [None]:
        yield FeedbackRecord(
            kind="preference",
            value="chosen",
            message_id=chosen.node_id if chosen is not None else choice,
            other_message_id=other.node_id if other is not None else None,
            payload=payload,
        )


def _variants(metadata: Metadata) -> int:
    info = metadata.paragen_variants_info
    number = info.get("num_variants_in_stream") if isinstance(info, dict) else None
    return number if isinstance(number, int) else 2


class _Tree:
    """Nodes by id and by parent; of nodes that share an id the first counts."""

    def __init__(self, nodes: list[Node]) -> None:
        self.children: dict[str, list[Node]] = {}
        self._by_id: dict[str, Node] = {}
        for node in nodes:
            if node.node_id not in self._by_id:
                self._by_id[node.node_id] = node
                if node.parent_id is not None:
                    self.children.setdefault(node.parent_id, []).append(node)
        aliases = {n.message.alias_id: n for n in reversed(nodes) if n.message is not None and n.message.alias_id}
        self.by_any_id: dict[str, Node] = {**aliases, **self._by_id}

    def branch(self, prompt: str, node: Node) -> Node | None:
        """The child of `prompt` above `node`, or `node` itself; None when it is not below the prompt."""
        seen: set[str] = set()
        at: Node | None = node
        while at is not None and at.node_id not in seen:
            if at.parent_id == prompt:
                return at
            seen.add(at.node_id)
            at = self._by_id.get(at.parent_id) if at.parent_id is not None else None
        return None

    def first_answer(self, branch: Node) -> Node | None:
        """The first visible message of the model with text in a branch before a person speaks again, else the
        branch's first message."""
        waiting = [branch]
        seen: set[str] = set()
        first: Node | None = None
        while waiting:
            node = waiting.pop()
            if node.node_id in seen:
                continue
            seen.add(node.node_id)
            said = node.message
            if said is not None:
                if said.author_kind == "human":
                    continue
                first = first or node
                if said.author_kind == "model" and said.visible and any(b.kind == "text" for b in said.blocks):
                    return node
            waiting.extend(reversed(self.children.get(node.node_id, [])))
        return first
