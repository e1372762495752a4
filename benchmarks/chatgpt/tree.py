"""The shape of one conversation: which kinds of messages follow each other, and where it branches."""

from dataclasses import dataclass, field
from random import Random
from uuid import UUID

# (frequency, kinds after the user's message); the kinds are rendered by `messages`.
TURNS: list[tuple[float, str, tuple[str, ...]]] = [
    (0.38, "user", ("answer",)),
    (0.26, "user", ("search_call", "search_result", "cited_answer")),
    (0.08, "file_user", ("python_call", "python_result", "answer")),
    (0.05, "file_user", ("python_call", "python_result", "python_call", "python_result", "answer")),
    (0.13, "user", ("thoughts", "recap", "answer")),
    (0.04, "image_user", ("answer",)),
    (0.02, "user", ("image_call", "image_result")),
    (0.02, "user", ("canvas_call", "canvas_result", "answer")),
    (0.02, "user", ("memory_call", "memory_result", "answer")),
]
PLAIN_TURN = TURNS[0]
# Reasoning was not part of the exports of 2024.
TURNS_2024 = [turn for turn in TURNS if "thoughts" not in turn[2]]

EDITED_SHARE = 0.06
REGENERATED_SHARE = 0.09


@dataclass
class Node:
    """One entry of `mapping`; `depth_in_turn` is 0 for what the user wrote."""

    id: str
    parent: str | None
    kind: str
    depth_in_turn: int = 0
    replaced: bool = False
    children: list[str] = field(default_factory=list)


def new_id(rng: Random) -> str:
    return str(UUID(int=rng.getrandbits(128), version=4))


def grow(rng: Random, messages: int, generation: int, plain: bool) -> list[Node]:
    """The nodes of a conversation of at least `messages` messages, parents first.

    The root carries no message; the hidden empty system message counts as one. Regenerated answers are
    siblings under one user node, edited prompts are siblings under one answer. The last node is the leaf
    that `current_node` names.
    """
    tree = _Tree(rng, generation)
    turns = [PLAIN_TURN] if plain else (TURNS_2024 if generation == 2024 else TURNS)
    weights = [turn[0] for turn in turns]
    while len(tree.nodes) - 1 < messages:
        _, opening, replies = rng.choices(turns, weights)[0]
        if rng.random() < EDITED_SHARE:
            tree.add_branch(tree.tip, ("user", "answer"), replaced=True)
        question = tree.add(tree.tip, opening)
        while rng.random() < REGENERATED_SHARE:
            tree.add_branch(question, replies, replaced=True, depth=1)
        tree.tip = tree.add_branch(question, replies, depth=1)
    return tree.nodes


class _Tree:
    def __init__(self, rng: Random, generation: int) -> None:
        self._rng = rng
        root = Node("client-created-root" if generation == 2025 else new_id(rng), None, "root")
        self.nodes = [root]
        self.tip = self.add(root, "system")
        if rng.random() < 0.4:
            self.tip = self.add(self.tip, "context")

    def add(self, parent: Node, kind: str, replaced: bool = False, depth: int = 0) -> Node:
        node = Node(new_id(self._rng), parent.id, kind, depth, replaced)
        parent.children.append(node.id)
        self.nodes.append(node)
        return node

    def add_branch(self, parent: Node, kinds: tuple[str, ...], replaced: bool = False, depth: int = 0) -> Node:
        for offset, kind in enumerate(kinds):
            parent = self.add(parent, kind, replaced, depth + offset)
        return parent
