"""Two ledgers that say different numbers: the difference, the terms that add up to it, and where to look."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

#: What a term of a difference may be, and what that means. docs/ledger.md says the same to people.
KINDS: Mapping[str, str] = {
    "source_changed": "the export holds other conversations, messages or files",
    "tokenizer_changed": "counted by another tokenizer, library or vocabulary",
    "parsing_scope_changed": "the same bytes, read otherwise",
    "quarantined": "did not parse, or parses now and did not then",
    "superseded": "older versions of conversations of which a newer export has newer ones",
    "duplicate": "texts that another run, or another message, is counted with",
    "cleaned": "texts, or parts of them, that the policy's cleaning takes away",
    "merged": "a run that came into the mash",
    "rolled_back": "a run that was taken out of the mash",
    "restored": "a run the mash lost when it was restored from an earlier snapshot",
    "forgotten": "a conversation that was forgotten for good",
    "staged": "a run that is counted and not merged",
    "selected": "what the slice takes of the mash; a single run selects nothing",
    "policy_changed": "selected or cleaned by another policy",
}

#: What is held against what.
COMPARISONS: Mapping[str, str] = {
    "run_ledger_and_mash": "the ledger of a run and what the mash counts of it now",
    "run_ledger_and_recount": "the ledger of a run and a new count of its rows",
    "run_ledger_and_earlier_export": "the ledger of a run and that of the export before it of the same account",
    "run_ledger_outside_the_mash": "the ledger of a run the mash does not hold, and what counts of it",
    "run_ledgers_and_main_ledger": "the sum of the run ledgers and the main ledger",
    "main_ledger_and_earlier_state": "the main ledger and that of the state before",
}


class Term(NamedTuple):
    """Part of a difference.

    Args:
        kind: one of KINDS.
        tokens: signed, left minus right.
        items: how many of what `because` speaks of.
        because: a phrase that their number stands before.
        look: file and field, table or query where it can be seen.
    """

    kind: str
    tokens: int
    items: int
    because: str
    look: str


class Figure(NamedTuple):
    """A number and where it stands."""

    look: str
    tokens: int


def mismatch(
    comparison: str, counter: str, left: Figure, right: Figure, terms: Iterable[Term], *, run_id: str | None = None
) -> list[dict[str, Any]]:
    """The entry of `token_reconciliation.json`; none when the two numbers are equal."""
    difference = left.tokens - right.tokens
    if not difference:
        return []
    kept = [term for term in terms if term.tokens]
    return [
        {
            "comparison": comparison,
            **({} if run_id is None else {"run_id": run_id}),
            "counter": counter,
            "left": left._asdict(),
            "right": right._asdict(),
            "difference": difference,
            "terms": [term._asdict() for term in kept],
            "unexplained": difference - sum(term.tokens for term in kept),
        }
    ]


def mismatch_faults(entries: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Entries whose numbers do not add up, that leave a rest, or name a kind nobody knows."""
    faults = []
    for rank, entry in enumerate(entries):
        place = {
            "mismatch": rank,
            **{name: entry[name] for name in ("comparison", "run_id", "counter") if name in entry},
        }
        difference = entry["left"]["tokens"] - entry["right"]["tokens"]
        explained = sum(term["tokens"] for term in entry["terms"])
        if entry["difference"] != difference or entry["unexplained"] != difference - explained:
            faults.append({**place, "problem": "does not add up", "difference": difference, "explained": explained})
        elif entry["unexplained"]:
            rest = {"difference": difference, "unexplained": entry["unexplained"], "look": entry["left"]["look"]}
            faults.append({**place, "problem": "an unexplained rest", **rest})
        unknown = sorted({term["kind"] for term in entry["terms"]} - set(KINDS))
        if unknown:
            faults.append({**place, "problem": f"no such kind: {', '.join(unknown)}"})
    return faults


def in_words(entries: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One row a mismatch, its terms in one line: what a person looks at."""
    return [
        {
            **{name: entry[name] for name in ("comparison", "run_id", "counter") if name in entry},
            "left": entry["left"]["tokens"],
            "right": entry["right"]["tokens"],
            "difference": entry["difference"],
            "because": "; ".join(f"{term['kind']} {term['tokens']:+,}" for term in entry["terms"]),
            "unexplained": entry["unexplained"],
        }
        for entry in entries
    ]
