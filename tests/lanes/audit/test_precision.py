"""The figure of a signal is that of its judged rows, and the policy's bound decides what it is called."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from lanes.audit.test_labels import label
from lanes.published_lanes import dpo
from moonshine_assets.distill.audit_policy import Audit
from moonshine_assets.distill.policy import load
from moonshine_assets.lanes.audit.judging import Judging
from moonshine_assets.lanes.audit.labels import Label, row_key
from moonshine_assets.lanes.audit.precision import for_manifest, precisions, withholding
from moonshine_assets.lanes.audit.sample import strata
from moonshine_assets.lanes.spill import Rows

RULES = load().audit


def rules(**more: Any) -> Audit:
    return msgspec.structs.replace(RULES, **more)


def rows(count: int, **more: Any) -> list[dict[str, Any]]:
    return [dpo(f"pair {number}", **more) for number in range(count)]


def judged(of: list[dict[str, Any]], right: int, wrong: int = 0, skip: int = 0, **more: Any) -> list[Label]:
    said = ["right"] * right + ["wrong"] * wrong + ["skip"] * skip
    return [label(row_key(row, "dpo"), verdict, **more) for row, verdict in zip(of, said, strict=False)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("right", "wrong", "skip", "status"),
    [
        (0, 0, 0, "unaudited"),
        (19, 0, 0, "unaudited"),
        (20, 0, 0, "audited"),
        (19, 0, 1, "audited"),
        (18, 2, 0, "below_bound"),
        (0, 0, 20, "unaudited"),
    ],
)
def test_a_signal_is_audited_once_its_sample_is_judged_and_its_lower_bound_reaches_the_policys(
    right: int, wrong: int, skip: int, status: str
) -> None:
    """20 of 20: 0.839; 19 of 19: 0.832; 18 of 20: 0.699 (the policy asks for 0.75)."""
    of = rows(20)
    (found,) = precisions(of, "dpo", judged(of, right, wrong, skip), RULES)
    assert (found.rows, found.sample, found.right, found.wrong, found.skipped) == (20, 20, right, wrong, skip)
    assert found.status == status


def test_more_rows_than_the_sample_need_not_be_judged() -> None:
    of = rows(300)
    (found,) = precisions(of, "dpo", judged(of, 95, 5), RULES)
    assert (found.sample, found.precision, found.status) == (100, 0.95, "audited")
    assert (round(found.low, 3), round(found.high, 3)) == (0.888, 0.978)


def test_several_people_are_counted_as_one_and_a_draw_as_neither() -> None:
    of = rows(3)
    both = [*judged(of, 3), *judged(of, 2, 1, labeller="ben"), *judged(of, 3, labeller="cy")]
    (found,) = precisions(of, "dpo", both, RULES)
    assert (found.right, found.wrong, found.disputed) == (3, 0, 0)
    (found,) = precisions(of, "dpo", both[:6], RULES)
    assert (found.right, found.disputed, found.labelled) == (2, 1, 2)


def test_labels_of_another_rule_or_of_rows_that_are_gone_do_not_count() -> None:
    of = rows(4)
    (found,) = precisions(
        of[:2], "dpo", [*judged(of, 1, 3), *judged(of[:1], 1, labeller="ben", signal_version="0")], RULES
    )
    assert (found.rows, found.right, found.wrong, found.other_versions) == (2, 1, 1, 1)


def test_the_manifest_says_what_is_not_audited() -> None:
    of = [*rows(20), *[{**dpo(f"rated {number}"), "signal": "rated_pair"} for number in range(2)]]
    half = for_manifest(precisions(of, "dpo", judged(of, 20), RULES))
    assert (half["unaudited"], half["label_precision"]) == (True, {"regen_continued core": 1.0})
    assert [(one["signal"], one["status"]) for one in half["audit"]] == [
        ("rated_pair", "unaudited"),
        ("regen_continued", "audited"),
    ]
    assert for_manifest(precisions(of[:20], "dpo", judged(of, 20), RULES))["unaudited"] is False
    nothing = for_manifest(precisions(of, "dpo", [], RULES))
    assert (nothing["unaudited"], nothing["label_precision"]) == (True, None)


def test_what_is_below_the_bound_is_withheld_when_the_policy_says_so() -> None:
    of = rows(20)
    kept = Rows.of("dpo", [{**row, "stripped_characters": 0} for row in of])
    bad, good, strict = judged(of, 10, 10), judged(of, 20), rules(below_bound="withhold")
    assert withholding(bad, RULES)("dpo", kept) == frozenset()
    assert withholding(bad, strict)("dpo", kept) == {("regen_continued", "core")}
    assert withholding(good, strict)("dpo", kept) == frozenset()
    assert withholding([], strict)("dpo", kept) == frozenset()


def test_a_sample_is_the_same_whatever_else_changes() -> None:
    of = rows(50)
    (drawn,) = strata(of, "dpo", 10, 1)
    (backwards,) = strata(reversed(of), "dpo", 10, 1)
    assert [key for key, _ in drawn.drawn] == [key for key, _ in backwards.drawn]
    assert len({key for key, _ in drawn.drawn}) == 10
    again = [{**row, "run_id": "r2", "policy_version": "p2"} for row in of[5:]]
    kept = {row_key(row, "dpo") for row in again}
    (later,) = strata(again, "dpo", 10, 1)
    stays = [key for key, _ in drawn.drawn if key in kept]
    assert [key for key, _ in later.drawn][: len(stays)] == stays
    assert [key for key, _ in strata(of, "dpo", 10, 2)[0].drawn] != [key for key, _ in drawn.drawn]


def test_a_sitting_goes_on_where_the_last_one_ended() -> None:
    from datetime import UTC, datetime

    kept: list[Label] = []
    drawn = strata(rows(4), "dpo", 3, 1)

    def sitting(labeller: str = "ann", *, again: bool = False) -> Judging:
        now = datetime(2026, 1, 31, tzinfo=UTC)
        return Judging(drawn, kept, labeller=labeller, seed=1, keep=kept.append, now=lambda: now, again=again)

    first = sitting()
    first.say("right")
    first.say("skip")
    assert first.undo()
    first.say("skip")
    second = sitting()
    shown = second.current()
    assert shown is not None and shown.key == drawn[0].drawn[2][0]
    assert not second.undo()
    assert second.counts(drawn[0]) == {"right": 1, "skip": 1}
    second.say("wrong")
    assert second.current() is None
    assert sitting("ben").current() is not None
    open_again = sitting(again=True).current()
    assert open_again is not None and open_again.key == drawn[0].drawn[1][0]
    assert [one.verdict for one in kept] == ["right", "skip", "undo", "skip", "wrong"]
    assert {(one.signal_version, one.policy_version, one.sample_rows) for one in kept} == {
        ("1", "default-0123456789ab", 3)
    }
