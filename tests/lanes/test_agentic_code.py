"""Agentic lane: every call with its recorded result, or a reason."""

from __future__ import annotations

import pytest
from distill.corpus import call, conversation, human, injected, model, result

from lanes.build import POLICY, built
from moonshine_assets.exports.records import Block, Node
from moonshine_assets.lanes.trajectory import trajectory
from moonshine_assets.lanes.trees import Part, Turn


def run(*more: Node, is_error: bool | None = None, code: str = "sum(range(11))") -> list[Node]:
    """A question, a hidden call, its hidden result, the answer, then `more`."""
    return [
        human("u1", None, "Sum 1 to 10"),
        call("c1", "u1", "python", code),
        result("t1", "c1", "python", "55", is_error),
        model("a1", "t1", "It is 55."),
        *more,
    ]


def made(name: str, payload: str, arguments: str | None = None, number: str | None = None) -> Block:
    return Block("tool_call", payload, tool_name=name, arguments=arguments, tool_call_id=number)


def came(name: str | None, words: str | None, number: str | None = None, **fields: object) -> Block:
    return Block("tool_result", words, tool_name=name, tool_call_id=number, **fields)


def inline(*blocks: Block) -> list[Node]:
    """A question and one model message with calls and results inside, as Claude has it."""
    return [human("u1", None, "List the files"), model("a1", "u1", None, *blocks)]


def test_a_call_message_and_its_tool_message_become_a_call_and_its_result() -> None:
    row = built("agentic_code", conversation("c", *run())).rows[0]
    assert row["messages"] == [
        {"role": "user", "content": "Sum 1 to 10"},
        {
            "role": "assistant",
            "content": "",
            "tool_calls": [
                {
                    "id": "call_1",
                    "type": "function",
                    "function": {"name": "python", "arguments": {"input": "sum(range(11))"}},
                }
            ],
        },
        {"role": "tool", "tool_call_id": "call_1", "name": "python", "content": "55"},
        {"role": "assistant", "content": "It is 55."},
    ]
    assert row["tools"] == [
        {
            "type": "function",
            "function": {
                "name": "python",
                "description": "",
                "parameters": {"type": "object", "properties": {"input": {"type": "string"}}},
            },
        }
    ]
    assert row["node_ids"] == ["u1", "c1", "t1", "a1"]
    assert (row["outcome"], row["outcome_evidence"], row["step_ok"]) == ("unknown", None, [1])


def test_calls_and_results_inside_one_message_are_paired_by_id() -> None:
    nodes = inline(
        Block("thinking", "Hm"),
        Block("text", "Let me look."),
        made("bash", '{"command":"make test"}', '{"command":"make test"}', "x1"),
        made("view", '{"path":"a","n":2}', '{"path":"a","n":2}', "x2"),
        came("view", "text", "x2", is_error=True),
        came("bash", "a\nb", "x1", is_error=False),
        Block("text", "Two files."),
    )
    row = built("agentic_code", conversation("c", *nodes)).rows[0]
    assert [message["role"] for message in row["messages"]] == ["user", "assistant", "tool", "tool", "assistant"]
    first = row["messages"][1]
    assert first["content"] == "Let me look."
    assert [entry["function"]["arguments"] for entry in first["tool_calls"]] == [
        {"command": "make test"},
        {"path": "a", "n": 2},
    ]
    assert [message.get("tool_call_id") for message in row["messages"][2:4]] == ["call_2", "call_1"]
    assert row["step_ok"] == [1, 0]
    assert (row["outcome"], row["outcome_evidence"], row["signal"]) == ("F_fail", "a1", "F_fail")


@pytest.mark.parametrize(
    ("payload", "arguments", "expected"),
    [
        ('{"q":"x"}', '{"q":"x"}', {"q": "x"}),
        ('{"q":"x"}', None, {"q": "x"}),
        ("[1,2]", "[1,2]", {"input": "[1,2]"}),
        ("print(1)", None, {"input": "print(1)"}),
        ('{"a":1,"a":2}', None, {"input": '{"a":1,"a":2}'}),
        ('{"a":NaN}', None, {"input": '{"a":NaN}'}),
        ('{"a":1e999}', None, {"input": '{"a":1e999}'}),
        ('{"a":"\\ud83d"}', None, {"input": '{"a":"\\ud83d"}'}),
        (None, None, {}),
    ],
)
def test_arguments_are_objects_and_anything_else_is_input(
    payload: str | None, arguments: str | None, expected: dict[str, object]
) -> None:
    nodes = inline(
        Block("tool_call", payload, tool_name="t", arguments=arguments), came("t", "ok"), Block("text", "Done")
    )
    row = built("agentic_code", conversation("c", *nodes)).rows[0]
    assert row["messages"][1]["tool_calls"][0]["function"]["arguments"] == expected


def test_schemas_hold_the_types_that_were_seen() -> None:
    payloads = ['{"a":1,"b":true}', '{"a":"x","c":[1]}', '{"d":{"e":1.5},"f":2.5}']
    blocks = [block for text in payloads for block in (made("t", text, text), came("t", "ok"))]
    row = built("agentic_code", conversation("c", *inline(*blocks, Block("text", "Done")))).rows[0]
    assert row["tools"][0]["function"]["parameters"]["properties"] == {
        "a": {"type": ["integer", "string"]},
        "b": {"type": "boolean"},
        "c": {"type": "array"},
        "d": {"type": "object"},
        "f": {"type": "number"},
    }


@pytest.mark.parametrize(
    ("is_error", "tier", "evidence", "steps"),
    [(False, "B_exit_ok", "t1", [1]), (True, "F_fail", "t1", [0]), (None, "unknown", None, [1])],
)
def test_the_outcome_is_what_the_last_result_with_a_flag_says(
    is_error: bool | None, tier: str, evidence: str | None, steps: list[int]
) -> None:
    row = built("agentic_code", conversation("c", *run(is_error=is_error, code="pytest -q"))).rows[0]
    assert (row["outcome"], row["outcome_evidence"], row["step_ok"]) == (tier, evidence, steps)


def test_a_later_result_without_a_flag_does_not_hide_the_check_before_it() -> None:
    more = [call("c2", "a1", "python", "2"), result("t2", "c2", "python", "2"), model("a2", "t2", "And 2.")]
    row = built("agentic_code", conversation("c", *run(*more, is_error=False, code="ruff check ."))).rows[0]
    assert (row["outcome"], row["outcome_evidence"], row["step_ok"]) == ("B_exit_ok", "t1", [1, 1])


def test_an_artifact_is_a_call() -> None:
    arguments = '{"id":"poem","command":"create","content":"Rain"}'
    nodes = inline(
        Block("artifact", "Rain", tool_name="artifacts", arguments=arguments),
        came("artifacts", "OK"),
        Block("text", "There."),
    )
    row = built("agentic_code", conversation("c", *nodes)).rows[0]
    function = row["messages"][1]["tool_calls"][0]["function"]
    assert function == {"name": "artifacts", "arguments": {"id": "poem", "command": "create", "content": "Rain"}}


def test_several_messages_of_a_tool_in_a_row_are_one_result() -> None:
    nodes = run(code="cargo build")
    nodes[3:] = [result("t2", "t1", "python", "and a plot", False), model("a1", "t2", "It is 55.")]
    row = built("agentic_code", conversation("c", *nodes)).rows[0]
    assert row["messages"][2]["content"] == "55\n\nand a plot"
    assert (row["outcome"], row["node_ids"]) == ("B_exit_ok", ["u1", "c1", "t1", "t2", "a1"])


def test_a_tool_failure_message_is_a_failed_result() -> None:
    nodes = run()
    nodes[2].message.blocks = [Block("error", "timed out", tool_name="python")]
    row = built("agentic_code", conversation("c", *nodes)).rows[0]
    assert (row["messages"][2]["content"], row["outcome"], row["step_ok"]) == ("timed out", "F_fail", [0])


def test_injected_context_and_thinking_are_passed_over() -> None:
    nodes = [injected("s", None, "Be kind", role="system"), *run()]
    nodes[1] = human("u1", "s", "Sum 1 to 10")
    nodes[-1] = model("a1", "t1", "It is 55.", Block("thinking", "easy"))
    assert len(built("agentic_code", conversation("c", *nodes)).rows[0]["messages"]) == 4


def several(count: int) -> list[Node]:
    blocks = [block for rank in range(count) for block in (made("t", f"step {rank}"), came("t", "ok"))]
    return inline(*blocks, Block("text", "Done"))


LOOP = [block for _ in range(3) for block in (made("t", '{"a":1,"b":2}'), came("t", "ok"))]
DONE = Block("text", "Done")


@pytest.mark.parametrize(
    ("nodes", "reason"),
    [
        ([human("u", None, "Hello"), model("a", "u", "Hi")], "no_tool_calls"),
        ([*run()[:2], model("a1", "c1", "It is 55.")], "call_without_result"),
        (inline(made("t", "1"), DONE, came("t", "ok"), DONE), "call_without_result"),
        (
            inline(made("t", "1"), made("s", "2"), came("t", "ok"), made("t", "3"), came("s", "ok"), DONE),
            "call_without_result",
        ),
        ([*run()[:2], human("u2", "c1", "Well?"), model("a", "u2", "No")], "call_without_result"),
        (run(result("t2", "a1", "python", "55"), model("a2", "t2", "Yes.")), "result_without_call"),
        (inline(made("t", "1", None, "x1"), came("t", "ok", "x2"), DONE), "result_without_call"),
        (inline(made("t", "1"), came("other", "ok"), DONE), "result_without_call"),
        ([*run()[:3], result("t2", "t1", "web", "more"), model("a", "t2", "55")], "result_without_call"),
        (inline(Block("tool_call", "1"), came(None, "ok"), DONE), "call_without_tool_name"),
        (inline(made("t", '{"a":[{"b":null}]}'), came("t", "ok"), DONE), "null_argument"),
        (
            inline(made("t", "1"), came("t", None, payload='{"content":[{"type":"image"}]}'), DONE),
            "result_not_text_only",
        ),
        (
            inline(made("t", "1"), came("t", "and", payload='{"content":[{"type":"image"}]}'), DONE),
            "result_not_text_only",
        ),
        (inline(made("t", "1"), came("t", None, payload='{"meta":1}'), DONE), "result_not_text_only"),
        (inline(made("t", "1"), came("t", "ok"), Block("image"), DONE), "not_text_only"),
        (run(human("u2", "a1", "See", files=1), model("a2", "u2", "Nice")), "not_text_only"),
        ([*run()[:2], result("t1", "c1", "python", "55", files=1), model("a1", "t1", "55")], "not_text_only"),
        (
            run(human("u2", "a1", "Again"), call("c2", "u2", "python", "1"), result("t2", "c2", "python", "1")),
            "ends_without_answer",
        ),
        (run(human("u2", "a1", "Thanks")), "ends_without_answer"),
        (run(human("u2", "a1", "A"), human("u3", "u2", "B"), model("a3", "u3", "C")), "human_turns_in_a_row"),
        (run(human("u2", "a1", " "), model("a2", "u2", "?")), "blank_human_turn"),
        ([model("a0", None, "Hello"), human("u1", "a0", "Sum 1 to 10"), *run()[1:]], "starts_with_model"),
        (run(model("a2", "a1", "And", status="in_progress")), "incomplete_answer"),
        (inline(*LOOP, DONE), "loop"),
        (several(151), "too_many_calls"),
    ],
)
def test_a_path_that_cannot_be_told_whole_is_refused_with_its_reason(nodes: list[Node], reason: str) -> None:
    result_ = built("agentic_code", conversation("c", *nodes))
    assert (result_.rows, result_.dropped) == ([], {reason: 1})


def test_a_hundred_and_fifty_calls_are_taken() -> None:
    assert len(built("agentic_code", conversation("c", *several(150))).rows[0]["step_ok"]) == 150


def test_an_empty_output_is_an_empty_result() -> None:
    row = built("agentic_code", conversation("c", *inline(made("t", "1"), came("t", None), DONE))).rows[0]
    assert row["messages"][2]["content"] == ""


def test_a_result_first_is_refused() -> None:
    turn = Turn(
        "t", None, "x", True, "tool", "tool", "python", False, None, None, None, None, 0, [Part("tool_result", "1")]
    )
    assert trajectory([turn], POLICY.answers).reason == "result_without_call"
