"""What was planted, and how well a lane found it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

#: What tells a row of a lane: the conversation and what the row claims of it.
Claim = tuple[str, ...]


@dataclass
class Truth:
    """What each lane must hold, and what may stand in no row.

    Args:
        claims: by lane: dpo (conversation, chosen, rejected, signal), kto (conversation, answer, signal),
            grpo (conversation, prompt, tier), agentic_code (conversation, outcome), conversational (conversation,).
        calls: tool calls of each conversation that gives an agentic row.
        canaries: texts that no person and no model wrote to be read: hidden, injected, machine-written, left out.
        secrets: texts that redaction has to take out.
        twins: pairs of near-duplicate texts.
    """

    claims: dict[str, set[Claim]] = field(
        default_factory=lambda: {lane: set() for lane in ("conversational", "dpo", "kto", "grpo", "agentic_code")}
    )
    calls: dict[str, int] = field(default_factory=dict)
    canaries: list[str] = field(default_factory=list)
    secrets: list[str] = field(default_factory=list)
    twins: list[tuple[str, str]] = field(default_factory=list)

    def add(self, lane: str, *claim: str) -> None:
        self.claims[lane].add(claim)


class Score(NamedTuple):
    """Claims that were found and true, found and false, true and not found."""

    right: frozenset[Claim]
    wrong: frozenset[Claim]
    missed: frozenset[Claim]

    @property
    def precision(self) -> float:
        return len(self.right) / (len(self.right) + len(self.wrong)) if self.right or self.wrong else 1.0

    @property
    def recall(self) -> float:
        return len(self.right) / (len(self.right) + len(self.missed)) if self.right or self.missed else 1.0


def score(found: set[Claim], planted: set[Claim]) -> Score:
    return Score(frozenset(found & planted), frozenset(found - planted), frozenset(planted - found))
