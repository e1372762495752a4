"""What changed in the main ledger since the state of the mash before: runs that came and went, marks, the policy."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from moonshine_assets.ledger.explain import CLEANED, CONTENT, RAW, SELECTED, same_tokenizer
from moonshine_assets.ledger.mismatch import Figure, Term, mismatch
from moonshine_assets.ledger.record import COUNTERS

_LOOK = "main/token_reconciliation.json#earlier"
#: The figure of a run that each counter of the mash is made of.
_OF_RUN = {RAW: "merged_raw_json_tokens", CONTENT: CONTENT, CLEANED: CLEANED, SELECTED: CLEANED}
#: Terms taken off the run ledgers, and the kind of their change; what is in neither of these is of cleaning.
_MARKS = {"superseded": "superseded", "repeated_across_runs": "duplicate"}
_OTHERS = ("counted_anew", "selected_in_the_mash")
_BECAUSE = {
    "merged": "runs came into the mash",
    "rolled_back": "runs were taken out",
    "forgotten": "runs lost conversations for good",
    "restored": "runs are not in the mash that was restored",
    "tokenizer_changed": "runs were counted by another tokenizer",
    "parsing_scope_changed": "runs were built anew",
}
Record = Mapping[str, Any]


def against_earlier_state(now: Record, before: Record, *, taken_out: Collection[str]) -> list[dict[str, Any]]:
    """Mismatches between the main ledger of two states, by their records (reconciliation.py).

    Args:
        now: the record of the present state.
        before: that of the state before.
        taken_out: runs that were rolled back.
    """
    found = []
    for counter in COUNTERS:
        left = Figure(f"token_ledger.json#{counter}", _main(now, counter))
        right = Figure(f"{_LOOK}.counters.{counter}.main_ledger", _main(before, counter))
        terms = [*_runs(now, before, counter, taken_out), *_marks(now, before, counter)]
        if counter == SELECTED:
            terms += _left_out(now, before)
        found += mismatch("main_ledger_and_earlier_state", counter, left, right, terms)
    return found


def _main(record: Record, counter: str) -> int:
    return int(_entry(record, counter)["main_ledger"])


def _entry(record: Record, counter: str) -> Record:
    entry: Record = next(entry for entry in record["counters"] if entry["counter"] == counter)
    return entry


def _runs(now: Record, before: Record, counter: str, taken_out: Collection[str]) -> list[Term]:
    """Runs that came, went, lost conversations or are another build, by kind."""
    new, old = ({run["run_id"]: run for run in record["runs"]} for record in (now, before))
    figure = _OF_RUN[counter]
    changes: dict[str, list[int]] = {}

    def changed(kind: str, tokens: int) -> None:
        if tokens:
            changes.setdefault(kind, []).append(tokens)

    for run_id in sorted(new.keys() | old.keys()):
        lost = {name: _lost(now, run_id, name) - _lost(before, run_id, name) for name in (RAW, CONTENT)}
        if run_id not in old:
            changed("merged", new[run_id][figure])
        elif run_id not in new:
            gone = "forgotten" if lost[RAW] else "rolled_back" if run_id in taken_out else "restored"
            changed(gone, -old[run_id][figure])
        else:
            tokens = new[run_id][figure] - old[run_id][figure]
            # Texts that were forgotten may stand elsewhere too, so of distinct ones nobody kept a count.
            forgotten = -lost[counter] if counter in lost else tokens if lost[RAW] else 0
            changed("forgotten", forgotten)
            changed(_kind_of_change(new[run_id], old[run_id]), tokens - forgotten)
    return [
        Term(kind, sum(tokens), len(tokens), _BECAUSE[kind], f"{_LOOK}.runs")
        for kind, tokens in changes.items()
        if kind in _BECAUSE
    ]


def _lost(record: Record, run_id: str, name: str) -> int:
    """Tokens that a run has less because conversations of it were forgotten."""
    return sum(entry[name] for entry in record["forgotten"] if entry["run_id"] == run_id)


def _kind_of_change(new: Record, old: Record) -> str:
    """Why a run has another figure; a reason without a kind leaves a rest."""
    if new["database_sha256"] != old["database_sha256"]:
        return "parsing_scope_changed"
    return "unknown" if same_tokenizer(new, old) else "tokenizer_changed"


def _marks(now: Record, before: Record, counter: str) -> list[Term]:
    of = CLEANED if counter == SELECTED else counter
    new, old = (_entry(record, of)["taken_off"] for record in (now, before))
    other_policy = now["policy_version"] != before["policy_version"]
    return [
        Term(
            _MARKS.get(name, "policy_changed" if other_policy else "cleaned"),
            old.get(name, 0) - new.get(name, 0),
            1,
            f"change of what is taken off as {name}",
            f"{_LOOK}.counters.{of}",
        )
        for name in sorted({*new, *old} - {*_OTHERS})
    ]


def _left_out(now: Record, before: Record) -> list[Term]:
    """Texts the slice leaves out, by reason."""
    policy = now["policy_version"] != before["policy_version"]
    new, old = now["left_out"], before["left_out"]
    return [
        Term(
            "policy_changed" if policy else "selected",
            old.get(reason, 0) - new.get(reason, 0),
            1,
            f"change of what is left out as {reason}",
            f"{_LOOK}.left_out.{reason}",
        )
        for reason in sorted(new.keys() | old.keys())
    ]
