"""How did a run with tools end? The structured flag first, then the exit code, then the numbers of a test report."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from moonshine_assets.distill.policy import Dpo
from moonshine_assets.lanes.commands import Purpose, command_of, exit_code, purposes, tally
from moonshine_assets.lanes.feedback import negative_rule, positive_rule
from moonshine_assets.lanes.trajectory import Step, Trajectory
from moonshine_assets.lanes.trees import Turn

TESTS = "A_test_transition"
EXIT_OK = "B_exit_ok"
COMMIT = "C_commit"
PRAISED = "D_user_pos"
FAILED = "F_fail"
UNKNOWN = "unknown"
GOOD = frozenset({TESTS, EXIT_OK, COMMIT, PRAISED})

_CHECKS: frozenset[Purpose] = frozenset({"test", "build", "lint"})


class Outcome(NamedTuple):
    """The tier, and the id of the message that shows it (None when nothing does)."""

    tier: str
    evidence: str | None


class _Ran(NamedTuple):
    """A step with its command, what that was for, and whether it failed (None: nobody says)."""

    step: Step
    command: str
    purposes: frozenset[Purpose]
    failed: bool | None


def step_failed(step: Step) -> bool | None:
    """Whether a call failed: by its flag, else by the exit code its result states; None: neither says."""
    if step.is_error is not None:
        return step.is_error
    code = exit_code(step.output)
    return None if code is None else code != 0


def stumbled(step: Step) -> bool:
    """Whether a call failed that was no check: a red test before the mending is work, not an error."""
    return bool(step_failed(step)) and not purposes(command_of(step.call.arguments) or "") & _CHECKS


def _ran(step: Step) -> _Ran:
    command = command_of(step.call.arguments) or ""
    found = purposes(command)
    failed = step_failed(step)
    if "test" in found and not failed:
        # `pytest | tail` ends with 0 whatever the tests did: their numbers know better.
        counted = tally(step.output)
        if counted is not None:
            failed = counted.failed > 0 if counted.failed or counted.passed else failed
    return _Ran(step, " ".join(command.split()), found, failed)


def outcome(walked: Trajectory, rules: Dpo) -> Outcome:
    """The tier of a trajectory.

    `F_fail`: its last call failed, the last thing it did to the repository was a revert, or the person's last word is
    a complaint that no passing check follows. Else the first that holds: `A_test_transition` a test command failed
    and a later run of the same command passed, and no test fails after that; `B_exit_ok` the last test, build or lint
    passed; `C_commit` something was committed and not reverted; `D_user_pos` the person approved of the answer and
    did not complain in the two turns after. Else `unknown`.
    """
    ran = [_ran(step) for step in walked.steps]
    checks = [one for one in ran if one.purposes & _CHECKS and one.failed is not None]
    failure = _failure(walked, ran, checks, rules)
    if failure is not None:
        return failure
    passed = _transition(checks)
    if passed is not None:
        return Outcome(TESTS, passed)
    if checks and not checks[-1].failed:
        return Outcome(EXIT_OK, checks[-1].step.result_turn.message_id)
    committed = [one for one in ran if "commit" in one.purposes and not one.failed]
    if committed:
        return Outcome(COMMIT, committed[-1].step.result_turn.message_id)
    praised = _praised(walked, rules)
    return Outcome(PRAISED, praised) if praised is not None else Outcome(UNKNOWN, None)


def _failure(walked: Trajectory, ran: list[_Ran], checks: list[_Ran], rules: Dpo) -> Outcome | None:
    last = ran[-1]
    if last.failed:
        return Outcome(FAILED, last.step.result_turn.message_id)
    done = [one for one in ran if one.purposes & {"commit", "revert"} and not one.failed]
    if done and "revert" in done[-1].purposes:
        return Outcome(FAILED, done[-1].step.result_turn.message_id)
    humans = [turn for turn in walked.turns if turn.is_human]
    if len(humans) > 1 and negative_rule(
        humans[-1].prose, _said_before(walked.turns, humans[-1]), rules.negative_rules
    ):
        at = walked.turns.index(humans[-1])
        if not any(not one.failed and walked.turns.index(one.step.result_turn) > at for one in checks[-1:]):
            return Outcome(FAILED, humans[-1].message_id)
    return None


def _transition(checks: Sequence[_Ran]) -> str | None:
    """Message of the last test run that passed, where the same command failed before it and no test fails after."""
    tests = [one for one in checks if "test" in one.purposes]
    if not tests or tests[-1].failed:
        return None
    failed = {one.command for one in tests if one.failed}
    turned = [one for one in tests if not one.failed and one.command in failed]
    return turned[-1].step.result_turn.message_id if turned else None


def _praised(walked: Trajectory, rules: Dpo) -> str | None:
    """The last human message that approves of an answer, with no complaint in it or the two after it."""
    humans = [turn for turn in walked.turns if turn.is_human]
    for rank in range(len(humans) - 1, 0, -1):
        if positive_rule(humans[rank].prose, rules.positive_rules):
            after = humans[rank : rank + 3]
            complaints = (
                negative_rule(turn.prose, _said_before(walked.turns, turn), rules.negative_rules) for turn in after
            )
            return None if any(complaints) else humans[rank].message_id
    return None


def _said_before(turns: Sequence[Turn], turn: Turn) -> str:
    """What the model said last before a turn."""
    at = next(rank for rank, one in enumerate(turns) if one is turn)
    return next((one.prose for one in reversed(turns[:at]) if one.answers), "")
