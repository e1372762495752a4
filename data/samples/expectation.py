"""What reading a sample must count, known from how it was made."""

from __future__ import annotations

from collections import Counter
from typing import Any

from story import Story, stable_id

COUNTED = (
    "nodes",
    "structural",
    "null_entries",
    "messages",
    "visible",
    "hidden",
    "branch_points",
    "tool_calls",
    "tool_results",
    "artifacts",
    "d2_candidate_pairs",
    "d2_pairs_with_steps_between",
)


def expected(
    provider: str, kept: list[tuple[Story, dict[str, Any], Counter[str]]], duplicates: list[Counter[str]]
) -> dict[str, Any]:
    """What reading must count: sums over the written conversations, then each of them by its id."""
    total: Counter[str] = Counter(dict.fromkeys(COUNTED, 0))
    status = Counter(written=0, empty=0, duplicate=len(duplicates), quarantined=0)
    array_nodes = sum(counts["nodes"] for counts in duplicates)
    written, pairs, between = {}, [], []
    for story, conv, counts in kept:
        conv_id = conv.get("uuid") or conv["id"]
        array_nodes += counts["nodes"]
        name = story.head.get("same_as", story.name)
        if "quarantined" in story.head:
            status["quarantined"] += 1
            continue
        if not counts["messages"]:
            status["empty"] += 1
            continue
        status["written"] += 1
        direct = [[stable_id(provider, name, label) for label in pair] for pair in story.pairs("pair")]
        apart = [
            [stable_id(provider, name, label) for label in pair] for pair in story.pairs("steps_between")
        ]
        pairs += [[conv_id, *pair] for pair in direct]
        between += [[conv_id, *pair] for pair in apart]
        counts |= Counter(d2_candidate_pairs=len(direct), d2_pairs_with_steps_between=len(apart))
        total.update(counts)
        written[conv_id] = {"story": story.name} | {key: counts[key] for key in COUNTED}
    return {
        "provider": provider,
        "conversations": status.total(),
        **status,
        "nodes_in_array": array_nodes,
        **{key: total[key] for key in COUNTED},
        "d2_pairs": pairs,
        "d2_pairs_steps_between": between,
        "by_conversation": written,
    }
