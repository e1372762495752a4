"""Gathering verified pairs: connected texts come under the first of them they are alike to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

#: Jaccard indexes of the pairs (text, text) asked for.
Measure = Callable[[Sequence[tuple[str, str]]], Mapping[tuple[str, str], float]]


def components(edges: Iterable[tuple[str, str]]) -> list[list[str]]:
    """The connected components of at least two nodes, by union-find; each sorted, in the order of their first node."""
    parent: dict[str, str] = {}

    def root(node: str) -> str:
        parent.setdefault(node, node)
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    for left, right in edges:
        low, high = sorted((root(left), root(right)))
        parent[high] = low
    groups: dict[str, list[str]] = {}
    for node in sorted(parent):
        groups.setdefault(root(node), []).append(node)
    return sorted(groups.values())


def gathered(
    edges: Sequence[tuple[str, str]], rank: Mapping[str, int], floor: float, measure: Measure
) -> dict[str, tuple[str, float]]:
    """For every text that comes under another: that text, and their Jaccard index.

    A chain of near duplicates can lead far away from where it began. So each component's first text (by `rank`) takes
    in only those whose index with it reaches `floor`; the others form components of their own.

    Args:
        edges: pairs whose index reaches the merge threshold.
        rank: order of first occurrence; lower comes first.
        floor: least index with the text that stands for the others.
        measure: gives the index of further pairs.
    """
    under: dict[str, tuple[str, float]] = {}
    left = list(edges)
    while left:
        stars = []
        for nodes in components(left):
            first = min(nodes, key=lambda node: (rank[node], node))
            stars += [(first, node) for node in nodes if node != first]
        indexes = measure(stars)
        taken = {node: (first, indexes[first, node]) for first, node in stars if indexes[first, node] >= floor}
        under |= taken
        done = {*taken, *(first for first, _ in stars)}
        left = [edge for edge in left if not done & set(edge)]
    return under
