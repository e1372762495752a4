"""The shape of one conversation: which kinds of messages follow each other, and where it branches."""

from dataclasses import dataclass, field
from random import Random
from uuid import UUID

# (cards in a deck, kind of the user's message, kinds after it); the kinds are rendered by `messages`.
TURNS: list[tuple[int, str, tuple[str, ...]]] = [
    (19, "user", ("answer",)),
    (13, "user", ("search_call", "search_result", "cited_answer")),
    (4, "file_user", ("python_call", "python_result", "answer")),
    (2, "file_user", ("python_call", "python_result", "python_call", "python_result", "answer")),
    (7, "user", ("thoughts", "recap", "answer")),
    (2, "image_user", ("answer",)),
    (1, "user", ("image_call", "image_result")),
    (1, "user", ("canvas_call", "canvas_result", "answer")),
    (1, "user", ("memory_call", "memory_result", "answer")),
]
PLAIN_TURN = TURNS[0]

EDITED_SHARE = 0.06
REGENERATED_SHARE = 0.09


@dataclass
class Node:
    """One entry of `mapping`; `replaced` on the branches of an edited prompt and of a regenerated answer."""

    id: str
    parent: str | None
    kind: str
    replaced: bool = False
    children: list[str] = field(default_factory=list)


def new_id(rng: Random) -> str:
    return str(UUID(int=rng.getrandbits(128), version=4))


class TurnDeck:
    """Deals kinds of turns from a shuffled deck of 50, so that a file of 2 MB already has all of them."""

    def __init__(self, rng: Random, plain: bool) -> None:
        self._rng = rng
        self._turns = [PLAIN_TURN] if plain else TURNS
        self._cards: list[tuple[str, tuple[str, ...]]] = []

    def deal(self, generation: int) -> tuple[str, tuple[str, ...]]:
        """A user's kind and the kinds that answer it; reasoning was not part of the exports of 2024."""
        for position in reversed(range(len(self._cards))):
            if generation == 2025 or "thoughts" not in self._cards[position][1]:
                return self._cards.pop(position)
        fresh = [(opening, replies) for count, opening, replies in self._turns for _ in range(count)]
        self._rng.shuffle(fresh)
        self._cards = fresh + self._cards
        return self.deal(generation)


def grow(rng: Random, deck: TurnDeck, messages: int, generation: int) -> list[Node]:
    """The nodes of a conversation of at least `messages` messages, parents first.

    The root carries no message; the hidden empty system message counts as one. Regenerated answers are
    siblings under one user node, edited prompts are siblings under one answer. The last node is the leaf
    that `current_node` names.
    """
    tree = _Tree(rng, generation)
    while len(tree.nodes) - 1 < messages:
        opening, replies = deck.deal(generation)
        if rng.random() < EDITED_SHARE:
            tree.add_branch(tree.tip, ("user", "answer"), replaced=True)
        question = tree.add(tree.tip, opening)
        while rng.random() < REGENERATED_SHARE:
            tree.add_branch(question, replies, replaced=True)
        tree.tip = tree.add_branch(question, replies)
    return tree.nodes


class _Tree:
    def __init__(self, rng: Random, generation: int) -> None:
        self._rng = rng
        root = Node("client-created-root" if generation == 2025 else new_id(rng), None, "root")
        self.nodes = [root]
        self.tip = self.add(root, "system")
        if rng.random() < 0.4:
            self.tip = self.add(self.tip, "context")

    def add(self, parent: Node, kind: str, replaced: bool = False) -> Node:
        node = Node(new_id(self._rng), parent.id, kind, replaced)
        parent.children.append(node.id)
        self.nodes.append(node)
        return node

    def add_branch(self, parent: Node, kinds: tuple[str, ...], replaced: bool = False) -> Node:
        for kind in kinds:
            parent = self.add(parent, kind, replaced)
        return parent
