"""The conversation tree, from parent pointers alone (EXPORT-FORMATS §0.2, 0.4, 0.5).

`children` lists are never trusted. Walks are iterative: conversations of 40,000 nodes occur.
"""

from __future__ import annotations

import hashlib

import msgspec

from moonshine_assets.exports.records import Message, Node, ParsedConversation


class Arranged(msgspec.Struct):
    """A conversation in order: its messages depth first, then file order, and what was counted on the way.

    `messages` are unique by message_id. `nodes_in` = len(messages) + structural + duplicates + bad nodes.
    """

    messages: list[Message]
    structural: int
    duplicates: int
    branch_points: int
    max_depth: int
    flags: list[str]


def arrange(parsed: ParsedConversation) -> Arranged:
    """Fill message_id, parent_id (nearest ancestor with a message), sibling_index, depth and on_active_path.

    Repeated node ids: an identical copy counts as duplicate; a different one is kept as `<id>#2`, flagged.
    A parent that is missing makes an orphan root, a cycle is cut at its first node in the file; both are flagged.
    The active path runs from `current` to its root; without a valid pointer, from the leaf with the largest time,
    then the deepest, then the last in the file (flagged when a pointer was given and led nowhere).
    """
    flags = set(parsed.flags)
    nodes, duplicates = _unique(parsed.nodes, flags)
    index = {node.node_id: rank for rank, node in enumerate(nodes)}
    parents = _parents(nodes, index, flags)
    depths, anchors = _depths(nodes, parents)

    order = [rank for rank, node in enumerate(nodes) if node.message is not None]
    order.sort(key=lambda rank: depths[rank])
    child_count: dict[int, int] = {}
    for rank in sorted(order):
        message = nodes[rank].message
        assert message is not None
        anchor = anchors[rank]
        message.message_id = nodes[rank].node_id
        message.parent_id = nodes[anchor].node_id if anchor >= 0 else None
        message.depth = depths[rank]
        message.sibling_index = child_count.get(anchor, 0)
        child_count[anchor] = message.sibling_index + 1

    for rank in _active_path(parsed.current, nodes, index, parents, depths, flags):
        message = nodes[rank].message
        if message is not None:
            message.on_active_path = True

    messages = [message for rank in order if (message := nodes[rank].message) is not None]
    return Arranged(
        messages=messages,
        structural=len(nodes) - len(messages),
        duplicates=duplicates,
        branch_points=sum(1 for count in child_count.values() if count > 1),
        max_depth=max((message.depth for message in messages), default=-1) + 1,
        flags=sorted(flags),
    )


def _unique(nodes: list[Node], flags: set[str]) -> tuple[list[Node], int]:
    """Nodes with unique ids, and how many identical copies were left out.

    Constant work a node, however many share an id; a new id is never one that the file itself uses.
    """
    taken = {node.node_id for node in nodes}
    if len(taken) == len(nodes):
        return nodes, 0
    kept: list[Node] = []
    seen: set[tuple[str, bytes]] = set()
    copies: dict[str, int] = {}
    duplicates = 0
    for node in nodes:
        print_ = (node.node_id, _fingerprint(node))
        if print_ in seen:
            duplicates += 1
            continue
        seen.add(print_)
        name = node.node_id
        copy = copies.get(name, 0) + 1
        if copy > 1:
            while (name := f"{node.node_id}#{copy}") in taken:
                copy += 1
            taken.add(name)
            flags.add("duplicate_ids")
            if node.message is not None:
                node.message.flags = sorted({*node.message.flags, "duplicate_id"})
        copies[node.node_id] = copy
        kept.append(node._replace(node_id=name))
    return kept, duplicates


def _fingerprint(node: Node) -> bytes:
    return hashlib.sha256(msgspec.msgpack.encode((node.parent_id, node.message))).digest()


def _parents(nodes: list[Node], index: dict[str, int], flags: set[str]) -> list[int]:
    """Rank of each node's parent, -1 at a root; orphans become roots, cycles are cut."""
    parents: list[int] = []
    for node in nodes:
        rank = index.get(node.parent_id, -1) if node.parent_id is not None else -1
        if node.parent_id is not None and rank < 0:
            flags.add("orphans")
            if node.message is not None:
                node.message.flags = sorted({*node.message.flags, "orphan"})
        parents.append(rank)

    # state: 0 unseen, 1 on the walk under way, 2 known to lead to a root
    state = bytearray(len(nodes))
    for start in range(len(nodes)):
        walk = []
        rank = start
        while rank >= 0 and state[rank] == 0:
            state[rank] = 1
            walk.append(rank)
            rank = parents[rank]
        if rank >= 0 and state[rank] == 1:
            cut = min(walk[walk.index(rank) :])
            parents[cut] = -1
            flags.add("cycle")
            message = nodes[cut].message
            if message is not None:
                message.flags = sorted({*message.flags, "cycle"})
        for seen in walk:
            state[seen] = 2
    return parents


def _depths(nodes: list[Node], parents: list[int]) -> tuple[list[int], list[int]]:
    """For each node: messages above it on its path, and the rank of the nearest one (-1: none)."""
    unknown = -2
    depths = [unknown] * len(nodes)
    anchors = [unknown] * len(nodes)
    for start in range(len(nodes)):
        walk = []
        rank = start
        while rank >= 0 and depths[rank] == unknown:
            walk.append(rank)
            rank = parents[rank]
        for seen in reversed(walk):
            above = parents[seen]
            if above < 0:
                depths[seen], anchors[seen] = 0, -1
            elif nodes[above].message is None:
                depths[seen], anchors[seen] = depths[above], anchors[above]
            else:
                depths[seen], anchors[seen] = depths[above] + 1, above
    return depths, anchors


def _active_path(
    current: str | None,
    nodes: list[Node],
    index: dict[str, int],
    parents: list[int],
    depths: list[int],
    flags: set[str],
) -> list[int]:
    """Ranks from the shown leaf up to its root; empty for a conversation without nodes."""
    if not nodes:
        return []
    leaf = index.get(current, -1) if current is not None else -1
    if leaf < 0:
        if current is not None:
            flags.add("current_missing")
        leaf = _fallback_leaf(nodes, parents, depths)
    path = []
    while leaf >= 0:
        path.append(leaf)
        leaf = parents[leaf]
    return path


def _fallback_leaf(nodes: list[Node], parents: list[int], depths: list[int]) -> int:
    inner = set(parents)
    leaves = [rank for rank in range(len(nodes)) if rank not in inner]

    def rank_key(rank: int) -> tuple[int, int, int]:
        message = nodes[rank].message
        return (message.created_at or 0 if message is not None else 0, depths[rank], rank)

    return max(leaves, key=rank_key)
