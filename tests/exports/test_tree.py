"""The tree from parent pointers alone: whatever they are, every node is accounted for and the walk ends."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moonshine_assets.exports.records import Block, Message, Node, ParsedConversation
from moonshine_assets.exports.tree import Arranged, arrange


def said(words: str, time: int | None = None) -> Message:
    return Message("user", "human", [Block("text", words)], created_at=time)


def conversation(nodes: Iterable[Node], current: str | None = None) -> ParsedConversation:
    listed = list(nodes)
    return ParsedConversation("c", "shape", "chatgpt_export", listed, len(listed), current=current)


def chain(*pairs: tuple[str, str | None]) -> Arranged:
    return arrange(conversation(Node(name, parent, said(name)) for name, parent in pairs))


def active(arranged: Arranged) -> list[str]:
    return [message.message_id for message in arranged.messages if message.on_active_path]


def test_order_is_depth_first_then_the_file() -> None:
    found = chain(("b", "a"), ("a", None), ("d", "b"), ("c", "b"))
    assert [(m.message_id, m.parent_id, m.depth, m.sibling_index) for m in found.messages] == [
        ("a", None, 0, 0),
        ("b", "a", 1, 0),
        ("d", "b", 2, 0),
        ("c", "b", 2, 1),
    ]
    assert (found.branch_points, found.max_depth, found.flags) == (1, 3, [])


def test_structural_nodes_are_counted_and_bridged() -> None:
    nodes = [Node("r", None, None), Node("a", "r", said("a")), Node("x", "a", None), Node("b", "x", said("b"))]
    found = arrange(conversation(nodes, "b"))
    assert [(m.message_id, m.parent_id, m.depth) for m in found.messages] == [("a", None, 0), ("b", "a", 1)]
    assert found.structural == 2


def test_an_orphan_becomes_a_flagged_root() -> None:
    found = chain(("a", None), ("b", "gone"))
    assert found.flags == ["orphans"]
    assert [(m.message_id, m.parent_id, m.flags) for m in found.messages] == [("a", None, []), ("b", None, ["orphan"])]


def test_a_missing_root_leaves_its_children_as_roots() -> None:
    found = chain(("b", "a"), ("c", "b"), ("d", "a"))
    assert [m.parent_id for m in found.messages] == [None, None, "b"]


def test_a_cycle_is_cut_at_its_first_node_in_the_file() -> None:
    found = chain(("a", "c"), ("b", "a"), ("c", "b"), ("d", "c"))
    assert found.flags == ["cycle"]
    assert [(m.message_id, m.parent_id) for m in found.messages] == [("a", None), ("b", "a"), ("c", "b"), ("d", "c")]


def test_a_node_that_is_its_own_parent_is_a_root() -> None:
    found = chain(("a", "a"), ("b", "a"))
    assert [(m.message_id, m.parent_id, m.flags) for m in found.messages] == [("a", None, ["cycle"]), ("b", "a", [])]


def test_identical_copies_of_a_node_count_as_duplicates() -> None:
    found = chain(("a", None), ("b", "a"), ("b", "a"), ("b", "a"))
    assert (len(found.messages), found.duplicates, found.flags) == (2, 2, [])


def test_different_nodes_of_one_id_are_all_kept() -> None:
    nodes = [Node("a", None, said("one")), Node("a", None, said("two")), Node("a", None, said("one"))]
    found = arrange(conversation(nodes))
    assert [(m.message_id, m.blocks[0].text) for m in found.messages] == [("a", "one"), ("a#2", "two")]
    assert (found.duplicates, found.flags) == (1, ["duplicate_ids"])


def test_a_new_id_is_never_one_the_file_uses_itself() -> None:
    nodes = [
        Node("a", None, said("one")),
        Node("a", None, said("two")),
        Node("a#2", None, said("three")),
        Node("b", "a#2", said("four")),
    ]
    found = arrange(conversation(nodes))
    assert [(m.message_id, m.blocks[0].text) for m in found.messages] == [
        ("a", "one"),
        ("a#3", "two"),
        ("a#2", "three"),
        ("b", "four"),
    ]


@pytest.mark.parametrize(
    ("current", "path", "flags"),
    [
        ("b", ["a", "b"], []),
        ("a", ["a"], []),
        (None, ["a", "c"], []),
        ("gone", ["a", "c"], ["current_missing"]),
    ],
)
def test_the_active_path_follows_the_pointer_or_the_latest_leaf(
    current: str | None, path: list[str], flags: list[str]
) -> None:
    nodes = [Node("a", None, said("a", 1)), Node("b", "a", said("b", 5)), Node("c", "a", said("c", 7))]
    found = arrange(conversation(nodes, current))
    assert (active(found), found.flags) == (path, flags)


def test_without_nodes_there_is_nothing_to_arrange() -> None:
    found = arrange(conversation([], "gone"))
    assert (found.messages, found.structural, found.max_depth) == ([], 0, 0)


names = st.sampled_from("abcdef")
node_lists = st.lists(
    st.builds(
        Node,
        names,
        st.none() | names | st.just("gone"),
        st.none() | st.builds(said, names, st.none() | st.integers(1, 9)),
    ),
    max_size=14,
)


@given(node_lists, st.none() | names)
def test_every_node_is_a_message_structural_or_a_duplicate(nodes: list[Node], current: str | None) -> None:
    found = arrange(conversation(nodes, current))
    assert len(found.messages) + found.structural + found.duplicates == len(nodes)
    by_id = {message.message_id: message for message in found.messages}
    assert len(by_id) == len(found.messages)
    for message in found.messages:
        if message.parent_id is None:
            assert message.depth == 0
        else:
            assert by_id[message.parent_id].depth == message.depth - 1
        if message.on_active_path and message.parent_id is not None:
            assert by_id[message.parent_id].on_active_path
    assert [message.depth for message in found.messages] == sorted(message.depth for message in found.messages)


SHAPES: dict[str, Callable[[int, int], tuple[str, str | None]]] = {
    "line": lambda rank, _: (f"n{rank}", f"n{rank - 1}" if rank else None),
    "line from its end": lambda rank, _: (f"n{rank}", f"n{rank + 1}"),
    "ring": lambda rank, size: (f"n{rank}", f"n{(rank + 1) % size}"),
    "one id": lambda rank, _: ("n", f"n{rank}"),
    "star": lambda rank, _: (f"n{rank}", "n0" if rank else None),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_time_grows_with_the_nodes_and_not_with_their_square(shape: str) -> None:
    def seconds(size: int) -> float:
        best = float("inf")
        for _ in range(3):
            nodes = [Node(*SHAPES[shape](rank, size), said(str(rank))) for rank in range(size)]
            begin = time.process_time()
            found = arrange(conversation(nodes))
            best = min(best, time.process_time() - begin)
            assert len(found.messages) == size
        return best

    # Eight times the nodes: linear is 8, quadratic would be 64; a busy machine lies well between.
    assert seconds(40_000) / max(seconds(5_000), 1e-4) < 32
