"""Each pair of ledgers that can be held against each other, and the terms of their differences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from moonshine_assets.ledger.in_mash import InMash
from moonshine_assets.ledger.mismatch import Figure, Term, mismatch
from moonshine_assets.ledger.record import COUNTERS

RAW, CONTENT, CLEANED, SELECTED = COUNTERS
Ledger = Mapping[str, Any]

#: What a run's tokens were counted by.
TOKENIZER = ("tokenizer", "library", "version", "vocabulary_sha256")
_CHANGES = {
    "is_new": ("source_changed", "conversations are new"),
    "is_gone": ("source_changed", "conversations are no longer in the export"),
    "changed": ("source_changed", "conversations were continued or edited"),
    "reads_now": ("quarantined", "conversations parse that were quarantined before"),
    "put_aside_now": ("quarantined", "conversations are quarantined that parsed before"),
    "other_nodes_put_aside": ("quarantined", "conversations have other messages in quarantine"),
    "read_otherwise": ("parsing_scope_changed", "conversations that did not change were read otherwise"),
}
_MASH = "store.messages"


def ledger_and_mash(look: str, ledger: Ledger, run: InMash, earlier: Sequence[Ledger]) -> Iterator[dict[str, Any]]:
    """A run's ledger, and what the mash counts of the run.

    Args:
        look: the ledger's place below `reports/`.
        ledger: its content.
        run: what the mash holds.
        earlier: ledgers of the run that this one replaced.
    """
    raw = _counted_anew(look, ledger, run.raw, earlier)
    superseded = [
        Term("superseded", tokens, messages, f"messages have a newer version in {by}", f"{_MASH}.superseded_by")
        for by, (messages, tokens) in run.superseded.items()
    ]
    count, tokens = run.superseded_texts
    texts = [
        Term("superseded", tokens, count, "texts stand in superseded versions alone", f"{_MASH}.superseded_by"),
        *(
            Term("duplicate", tokens, count, f"texts are counted with {by}", "store.cleaning")
            for by, (count, tokens) in run.repeated.items()
        ),
        Term("cleaned", run.shortened[1], run.shortened[0], "texts are shorter by redaction", "store.cleaning"),
        Term("cleaned", run.cleaned_away[1], run.cleaned_away[0], "texts are cleaned away", "store.cleaning"),
    ]
    selected = [Term("selected", -run.selected, 1, "slice takes them of the run's texts", "store.distilled_messages")]
    for counter, of_mash, where, terms in (
        (RAW, run.raw, "store.runs.raw_json_tokens", raw),
        (CONTENT, run.current, f"{_MASH}.content_tokens", superseded),
        (CLEANED, run.kept, "store.cleaning", texts),
        (SELECTED, run.selected, "store.distilled_messages", selected),
    ):
        left = Figure(f"{look}#{counter}", ledger[counter])
        yield from mismatch(
            "run_ledger_and_mash", counter, left, Figure(where, of_mash), terms, run_id=ledger["run_id"]
        )


def ledger_and_recount(look: str, ledger: Ledger, run: InMash) -> Iterator[dict[str, Any]]:
    """A run's ledger, and its rows counted by their texts; nothing may differ, so nothing explains it."""
    for counter, recounted, where in (
        (RAW, sum(ledger["raw_json_tokens_by_file"].values()), f"{look}#raw_json_tokens_by_file"),
        (CONTENT, run.recounted, _MASH),
        (CLEANED, run.texts, _MASH),
    ):
        left = Figure(f"{look}#{counter}", ledger[counter])
        yield from mismatch(
            "run_ledger_and_recount", counter, left, Figure(where, recounted), [], run_id=ledger["run_id"]
        )


def ledger_and_earlier_export(
    newer: tuple[str, Ledger],
    older: tuple[str, Ledger],
    conversations: Sequence[tuple[str, int, int]],
    texts: Mapping[bool, tuple[int, int]],
) -> Iterator[dict[str, Any]]:
    """The ledgers of two exports of an account, one after the other.

    Args:
        newer: place and content of the ledger.
        older: likewise.
        conversations: what changed, with conversations and tokens (in_mash.conversation_changes).
        texts: distinct texts of the one and the other alone (in_mash.text_changes).
    """
    (look, left), (look_older, right) = newer, older
    same_source = left["source_sha256"] == right["source_sha256"]
    kind = "parsing_scope_changed" if same_source else "source_changed"
    where = f"store.conversations of {left['run_id']} and {right['run_id']}"
    by_counter = {
        RAW: _files(look, left, right, same_source=same_source),
        CONTENT: [
            Term(_CHANGES[change][0], tokens, count, _CHANGES[change][1], where)
            for change, count, tokens in conversations
        ],
        CLEANED: [
            Term(kind, tokens if only_newer else -tokens, count, f"texts are only in the {side} one", where)
            for only_newer, side in ((True, "newer"), (False, "older"))
            for count, tokens in [texts.get(only_newer, (0, 0))]
        ],
    }
    for counter, terms in by_counter.items():
        yield from mismatch(
            "run_ledger_and_earlier_export",
            counter,
            Figure(f"{look}#{counter}", left[counter]),
            Figure(f"{look_older}#{counter}", right[counter]),
            terms,
            run_id=left["run_id"],
        )


def ledger_outside(look: str, ledger: Ledger, kind: str) -> Iterator[dict[str, Any]]:
    """The ledger of a run the mash does not hold: nothing of it is counted."""
    because = {
        "rolled_back": "run was taken out of the mash",
        "staged": "run is counted and not merged",
    }[kind]
    for counter in (RAW, CONTENT, CLEANED):
        terms = [Term(kind, ledger[counter], 1, because, "main/merge_manifest.main.json")]
        left = Figure(f"{look}#{counter}", ledger[counter])
        yield from mismatch(
            "run_ledger_outside_the_mash", counter, left, Figure("store.runs", 0), terms, run_id=ledger["run_id"]
        )


def same_tokenizer(one: Ledger, other: Ledger) -> bool:
    return all(one.get(name) == other.get(name) for name in TOKENIZER)


def _counted_anew(look: str, ledger: Ledger, merged: int, earlier: Sequence[Ledger]) -> list[Term]:
    """Why the run's ledger has another raw count than its merge was told: the ledger of then says what changed."""
    then = next((old for old in earlier if old[RAW] == merged), None)
    if then is None:
        return []
    difference, where = ledger[RAW] - merged, f"{look.rpartition('/')[0]}/earlier_ledgers"
    if then["source_sha256"] != ledger["source_sha256"]:
        return [Term("source_changed", difference, 1, "export was counted that is another one", where)]
    if not same_tokenizer(then, ledger):
        return [Term("tokenizer_changed", difference, 1, "new count by another tokenizer since the merge", where)]
    if then["parsing_scope"] != ledger["parsing_scope"] or _members(then) != _members(ledger):
        return [Term("parsing_scope_changed", difference, 1, "new count of another scope since the merge", where)]
    return []


def _files(look: str, newer: Ledger, older: Ledger, *, same_source: bool) -> list[Term]:
    """Raw tokens by file: those only one export has, and those both have with another count."""
    now, then = newer["raw_json_tokens_by_file"], older["raw_json_tokens_by_file"]
    where = f"{look}#raw_json_tokens_by_file"
    kind = "parsing_scope_changed" if same_source else "source_changed"
    added = [now[name] for name in now.keys() - then.keys()]
    gone = [then[name] for name in then.keys() - now.keys()]
    other = [now[name] - then[name] for name in now.keys() & then.keys() if now[name] != then[name]]
    terms = [
        Term(kind, sum(added), len(added), "files are only in the newer one", where),
        Term(kind, -sum(gone), len(gone), "files are only in the older one", where),
    ]
    # The same bytes under the same name give the same count, unless something else counted.
    if not same_source:
        terms.append(Term(kind, sum(other), len(other), "files of the same name hold something else", where))
    elif not same_tokenizer(newer, older):
        terms.append(Term("tokenizer_changed", sum(other), len(other), "files were counted by another", where))
    return terms


def _members(ledger: Ledger) -> set[str]:
    return set(ledger["raw_json_tokens_by_file"])
