"""Logs in which records point to the record before them: what forks there is a branch, and what is only concurrency.

Parallel tool calls, progress and hook records give a record several children without being branches (of 36 forks in
real logs 6 were re-prompts, EXPORT-FORMATS §13). In: parent pointers as written. Out: pointers in which a record has
several children only where there are several human prompts or several answers, and everything else stands in one line.
"""

from __future__ import annotations

import heapq
from itertools import pairwise
from typing import NamedTuple


class Start(NamedTuple):
    """What a record begins that can be an alternative: a human's prompt or a model's answer, and its key."""

    is_human: bool
    key: str


class Chained(NamedTuple):
    """New parents (-1: a root), and for each record the last of the stretch it stands in."""

    parents: list[int]
    tails: list[int]


def chain(parents: list[int], starts: list[Start | None]) -> Chained:
    """Put what is no branch into one line, in file order, a parent always before its children.

    Args:
        parents: for each record in file order the rank of the one it points to, -1 at a root; cycles are cut.
        starts: what each record begins; None for one that cannot be an alternative (tool results, hooks, …). Records
            of one answer share its key.
    """
    parents = _without_cycles(parents)
    children = _children(parents)
    order = _parents_first(parents, children)
    leads = _leads(order, children, starts)
    branches = [_is_branch(below, leads, start) for below, start in zip(children, starts, strict=True)]

    stretch = [-1] * len(parents)
    members: list[list[int]] = []
    heads: list[int] = []
    for rank in order:
        above = parents[rank]
        begins = above < 0 or _begins(rank, parents, branches, leads, starts[above])
        if begins:
            heads.append(rank)
            members.append([])
        stretch[rank] = len(heads) - 1 if begins else stretch[above]
        members[stretch[rank]].append(rank)

    chained = [-1] * len(parents)
    tails = [-1] * len(parents)
    lasts: list[int] = []
    for number, ranks in enumerate(members):
        lined = _lined(ranks[0], children, stretch, number)
        for before, rank in pairwise(lined):
            chained[rank] = before
        for rank in ranks:
            tails[rank] = lined[-1]
        lasts.append(lined[-1])
    for head in heads:
        above = parents[head]
        if above >= 0:
            chained[head] = lasts[stretch[above]]
    return Chained(chained, tails)


#: The prompt and the answer a record leads to, through records that begin nothing.
_Lead = tuple[str | None, str | None]
_NOTHING: _Lead = (None, None)


def _leads(order: list[int], children: list[list[int]], starts: list[Start | None]) -> list[_Lead]:
    """For each record the first prompt and the first answer it or, where it begins nothing, what follows it begins."""
    leads = [_NOTHING] * len(order)
    for rank in reversed(order):
        start = starts[rank]
        if start is not None:
            leads[rank] = (start.key, None) if start.is_human else (None, start.key)
            continue
        prompt = answer = None
        for child in children[rank]:
            prompt = prompt or leads[child][0]
            answer = answer or leads[child][1]
        leads[rank] = (prompt, answer)
    return leads


def _begins(rank: int, parents: list[int], branches: list[bool], leads: list[_Lead], above: Start | None) -> bool:
    """Whether a record is one of several alternatives after the one above it; an answer's own parts are not."""
    own = above.key if above is not None and not above.is_human else None
    return branches[parents[rank]] and leads[rank] != _NOTHING and leads[rank] != (None, own)


def _is_branch(siblings: list[int], leads: list[_Lead], above: Start | None) -> bool:
    own = above.key if above is not None else None
    prompts = {leads[rank][0] for rank in siblings} - {None}
    answers = {leads[rank][1] for rank in siblings} - {None, own}
    return len(prompts) > 1 or len(answers) > 1


def _lined(head: int, children: list[list[int]], stretch: list[int], number: int) -> list[int]:
    """The records of a stretch in file order, as far as parents come first."""
    ready = [head]
    lined: list[int] = []
    while ready:
        rank = heapq.heappop(ready)
        lined.append(rank)
        for child in children[rank]:
            if stretch[child] == number:
                heapq.heappush(ready, child)
    return lined


def _children(parents: list[int]) -> list[list[int]]:
    children: list[list[int]] = [[] for _ in parents]
    for rank, above in enumerate(parents):
        if above >= 0:
            children[above].append(rank)
    return children


def _parents_first(parents: list[int], children: list[list[int]]) -> list[int]:
    order = [rank for rank, above in enumerate(parents) if above < 0]
    for rank in order:
        order.extend(children[rank])
    return order


def _without_cycles(parents: list[int]) -> list[int]:
    """The same pointers, each cycle cut at its first record in the file."""
    kept = list(parents)
    state = bytearray(len(kept))  # 0 unseen, 1 on the walk under way, 2 known to lead to a root
    for start in range(len(kept)):
        walk = []
        rank = start
        while rank >= 0 and state[rank] == 0:
            state[rank] = 1
            walk.append(rank)
            rank = kept[rank]
        if rank >= 0 and state[rank] == 1:
            kept[min(walk[walk.index(rank) :])] = -1
        for seen in walk:
            state[seen] = 2
    return kept
