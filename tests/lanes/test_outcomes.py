"""How a run with tools ended, and what is cut or refused of it."""

from __future__ import annotations

import msgspec
import pytest
from distill.corpus import conversation, human, model

from lanes.build import POLICY, built
from moonshine_assets.distill.policy import Policy
from moonshine_assets.exports.records import Block, Node
from moonshine_assets.lanes.truncation import to_tokens

#: (command, result, whether it failed)
Step = tuple[str, str, bool | None]


def worked(*steps: Step, says: str = "Done.", then: str | None = None) -> list[Node]:
    """A person asks, the model makes the calls and says something, the person says something more."""
    blocks = []
    for rank, (command, output, failed) in enumerate(steps):
        arguments = msgspec.json.encode({"command": command}).decode()
        blocks += [
            Block("tool_call", arguments, tool_name="bash", arguments=arguments, tool_call_id=f"x{rank}"),
            Block("tool_result", output, tool_name="bash", tool_call_id=f"x{rank}", is_error=failed),
        ]
    nodes = [human("u1", None, "Mend it"), model("a1", "u1", None, *blocks, Block("text", says))]
    if then is not None:
        nodes += [human("u2", "a1", then), model("a2", "u2", "I see.")]
    return nodes


RED: Step = ("pytest", "1 failed", True)
LOOK: Step = ("ls src", "parser.py", False)
EDIT: Step = ("sed -i s/a/b/ parser.py", "", False)


@pytest.mark.parametrize(
    ("steps", "then", "outcome", "tier"),
    [
        (
            [RED, EDIT, ("pytest", "3 passed, 0 failed", False)],
            None,
            "A_test_transition",
            "core",
        ),
        ([("pytest", "1 failed", None), EDIT, ("pytest", "3 passed", None)], None, "A_test_transition", "core"),
        ([("pytest -x", "1 failed", True), EDIT, ("pytest", "3 passed", False)], None, "B_exit_ok", "core"),
        ([LOOK, EDIT, ("pytest | tail -3", "1 failed, 2 passed", False)], None, "F_fail", "extra"),
        ([("pytest", "3 passed", False), EDIT, ("pytest", "2 failed", True)], None, "F_fail", "extra"),
        ([LOOK, EDIT, ("cargo build", "Finished", False)], None, "B_exit_ok", "core"),
        ([LOOK, EDIT, ("cargo build", "Exit code 101", None)], None, "F_fail", "extra"),
        ([EDIT, LOOK, ("git commit -am x", "[main 1] x", False)], None, "C_commit", "core"),
        ([("git commit -am x", "[main 1] x", False), EDIT, ("git revert HEAD", "ok", False)], None, "F_fail", "extra"),
        ([LOOK, EDIT, ("cat parser.py", "b", False)], "Perfect, thanks!", "D_user_pos", "core"),
        ([LOOK, EDIT, ("cat parser.py", "b", False)], "Thanks, but it still fails", "F_fail", "extra"),
        ([LOOK, EDIT, ("cat parser.py", "b", False)], "No, that's wrong", "F_fail", "extra"),
        ([LOOK, EDIT, ("cat parser.py", "b", False)], "What is a parser?", "unknown", "extra"),
        ([("pytest", "3 passed", False)], None, "B_exit_ok", "extra"),
    ],
)
def test_the_outcome_of_a_run(steps: list[Step], then: str | None, outcome: str, tier: str) -> None:
    row = built("agentic_code", conversation("c", *worked(*steps, then=then))).rows[0]
    assert (row["outcome"], row["tier"]) == (outcome, tier)


def test_a_test_command_that_is_run_until_it_passes_is_no_loop() -> None:
    steps = [step for failed in (3, 2, 1) for step in (("pytest", f"{failed} failed", None), EDIT)]
    edits = [(f"sed -i {rank} p.py", "", False) if step is EDIT else step for rank, step in enumerate(steps)]
    looks = [(f"cat {rank}", "x", False) for rank in range(6)]
    nodes = worked(*edits, *looks, ("pytest", "3 passed", None))
    assert built("agentic_code", conversation("c", *nodes)).rows[0]["outcome"] == "A_test_transition"


def test_the_same_call_with_the_same_result_is_a_loop_whatever_time_it_took() -> None:
    steps = [("pytest", f"1 failed in 0.{rank}s", None) for rank in range(3)]
    looks = [(f"cat {rank}", "x", False) for rank in range(9)]
    assert built("agentic_code", conversation("c", *worked(*steps, *looks))).dropped == {"loop": 1}


def test_runs_that_are_mostly_errors_are_refused() -> None:
    steps = [(f"cat {rank}", "no such file", True) for rank in range(2)]
    assert built("agentic_code", conversation("c", *worked(*steps, LOOK))).dropped == {"too_many_errors": 1}


def limited(tokens: int) -> Policy:
    agentic = msgspec.structs.replace(POLICY.lanes.agentic_code, maximum_output_tokens=tokens)
    return msgspec.structs.replace(POLICY, lanes=msgspec.structs.replace(POLICY.lanes, agentic_code=agentic))


def test_a_result_that_is_too_long_loses_its_middle_and_says_how_much() -> None:
    output = " ".join(f"line{rank}" for rank in range(100))
    nodes = worked(("cat a", output, False), LOOK, EDIT)
    row = built("agentic_code", conversation("c", *nodes), policy=limited(40)).rows[0]
    kept = row["messages"][2]["content"]
    assert kept.startswith("line0 line1") and kept.endswith("line99") and "characters left out" in kept
    assert row["truncated_tokens"] == [100 - len(kept.split()), 0, 0]
    assert len(kept.split()) <= 40
    whole = built("agentic_code", conversation("c", *nodes)).rows[0]
    assert whole["tokens_o200k"] - row["tokens_o200k"] == row["truncated_tokens"][0]


def test_cutting_never_goes_beyond_the_limit() -> None:
    shorten = to_tokens(50, lambda texts: [len(text) // 2 for text in texts])
    for length in (90, 101, 400, 5_000):
        kept, tokens = shorten("x" * length, length // 2)
        assert tokens == len(kept) // 2 <= 50
        assert (kept == "x" * length) == (length <= 101)
