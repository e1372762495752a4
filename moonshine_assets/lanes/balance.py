"""Length balance of the DPO lane: a lane whose chosen answers are mostly the longer ones teaches length."""

from __future__ import annotations

import sys

from moonshine_assets.distill.policy import Dpo
from moonshine_assets.lanes.books import Books
from moonshine_assets.lanes.spill import Entry


def chosen_is_longer(row: Entry) -> bool:
    return _lengths(row)[0] > _lengths(row)[1]


def _lengths(row: Entry) -> tuple[int, int]:
    """Characters of the chosen and of the rejected answer."""
    return int(row.facts["chosen"]), int(row.facts["rejected"])


def chosen_longer_share(rows: list[Entry]) -> float:
    """Share of rows whose chosen answer has more characters; 0 without rows."""
    return sum(map(chosen_is_longer, rows)) / len(rows) if rows else 0.0


def drop_excess(books: Books, tier: str, rules: Dpo) -> None:
    """Drop what `excess` names of the rows of a tier."""
    unwanted = excess([entry for entry in books.entries if entry.tier == tier], rules)
    books.drop("length_balance", lambda entry: entry.record_uid in unwanted)


def excess(rows: list[Entry], rules: Dpo) -> set[str]:
    """record_uid of the rows to leave out so that the share lies within the policy's bounds.

    From the side that is too many, the most unequal rows go first. Fewer rows than `balance_minimum_rows` stay as
    they are: a share of so few says nothing.
    """
    if len(rows) < rules.balance_minimum_rows:
        return set()
    longer = [row for row in rows if chosen_is_longer(row)]
    other = [row for row in rows if not chosen_is_longer(row)]
    allowed = _allowed(len(other), rules.balance_high)
    if len(longer) > allowed:
        return _most_unequal(longer, len(longer) - allowed)
    allowed = _allowed(len(longer), 1 - rules.balance_low)
    if len(other) > allowed:
        return _most_unequal(other, len(other) - allowed)
    return set()


def _allowed(rest: int, share: float) -> int:
    """Largest n with n / (n + rest) <= share; all of them when share is 1."""
    if share >= 1:
        return sys.maxsize
    allowed = int(share * rest / (1 - share)) + 1
    while allowed and allowed > share * (allowed + rest):
        allowed -= 1
    return allowed


def _most_unequal(rows: list[Entry], count: int) -> set[str]:
    def inequality(row: Entry) -> tuple[float, str]:
        shorter, longer = sorted(_lengths(row))
        return (-longer / shorter, row.record_uid)

    return {row.record_uid for row in sorted(rows, key=inequality)[:count]}
