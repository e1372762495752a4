"""Rendering finds every way in which trainers lose rows, and nothing in rows that are whole."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lanes.published_lanes import ROWS, agentic_code, calls, dpo, told
from moonshine_assets.errors import BadInput
from moonshine_assets.lanes.trainers import template as templates
from moonshine_assets.lanes.trainers.check import capabilities, check
from moonshine_assets.lanes.trainers.form import Form, Sample, Trainer, conversation, pair
from moonshine_assets.lanes.trainers.registry import TRAINERS, trainer_named
from moonshine_assets.lanes.trainers.rendering import RULES, broken_rules
from moonshine_assets.lanes.trainers.template import Template, bundled, compiled, from_file

CHATML = bundled("dict")[0]
TAKEN = [(trainer.name, lane) for trainer in TRAINERS.values() for lane in trainer.forms]


def source(name: str) -> str:
    return (Path(templates.__file__).with_name("templates") / f"{name}.jinja").read_text("utf-8")


def rules(row: dict[str, Any], lane: str, line: dict[str, Any], template: Template = CHATML) -> set[str]:
    samples = (pair if lane == "dpo" else conversation)(line)
    return {rule for rule, _ in broken_rules(row, lane, line, samples, template)}


@pytest.mark.parametrize(("trainer", "lane"), TAKEN)
def test_whole_rows_pass_for_every_trainer(trainer: str, lane: str) -> None:
    chosen = trainer_named(trainer)
    form = chosen.arguments[0]
    mine = bundled(form)
    reports, left = check([ROWS[lane]()], lane, chosen, form, mine, strict=frozenset(t.name for t in mine))
    assert not left
    assert [(report.rows, report.findings) for report in reports] == [(1, [])] * len(mine)


def changed(row: dict[str, Any], change: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    line = json.loads(json.dumps(row))
    change(line)
    return line


def _double_encode(line: dict[str, Any]) -> None:
    for message in line["messages"]:
        for call in message.get("tool_calls", []):
            call["function"]["arguments"] = json.dumps(call["function"]["arguments"])


def _fill_with_null(line: dict[str, Any]) -> None:
    line["messages"][1]["tool_calls"][0]["function"]["arguments"]["path"] = None


def _forget_call(line: dict[str, Any]) -> None:
    del line["messages"][3]["tool_calls"][1]


def _forget_result(line: dict[str, Any]) -> None:
    line["messages"][2]["content"] = ""


def _forget_text(line: dict[str, Any]) -> None:
    line["messages"][-1]["content"] = "Something else."


def _unknown_role(line: dict[str, Any]) -> None:
    line["messages"][2]["role"] = "observation"


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (_double_encode, {"double_encoded_arguments"}),
        (_fill_with_null, {"null_inside", "null_rendered"}),
        (_forget_call, {"lost_tool_call"}),
        (_forget_result, {"lost_tool_result"}),
        (_forget_text, {"lost_text"}),
        (_unknown_role, {"template_refuses"}),
    ],
)
def test_what_a_line_lost_is_found(change: Callable[[dict[str, Any]], None], found: set[str]) -> None:
    told = rules(agentic_code(), "agentic_code", changed(agentic_code(), change))
    assert set(RULES) >= told >= found
    assert rules(agentic_code(), "agentic_code", agentic_code()) == set()


def test_a_template_that_has_no_place_for_calls_results_schemas_or_system_is_found() -> None:
    deaf = compiled("deaf", "{% for m in messages %}{% if m.role != 'tool' %}{{ m.content }}|{% endif %}{% endfor %}")
    assert rules(agentic_code(), "agentic_code", agentic_code(), deaf) >= {
        "lost_tool_call",
        "lost_tool_result",
        "lost_tools",
    }


def test_nothing_is_supervised_when_the_marks_leave_the_answers_out() -> None:
    marked = source("chatml")
    blind = compiled("blind", marked.replace("{{- message.content }}", "").replace("call.function.name | tojson", "''"))
    found = rules(agentic_code(), "agentic_code", agentic_code(), blind)
    assert {"zero_supervised", "lost_text"} <= found
    outside = compiled(
        "outside", "{% for m in messages %}{{ m.content }}{% generation %}{% endgeneration %}{% endfor %}"
    )
    row = ROWS["conversational"]()
    assert rules(row, "conversational", row, outside) == {"zero_supervised"}


def test_an_answer_that_does_not_follow_its_rendered_prompt_is_found() -> None:
    thinking = compiled(
        "thinking",
        "{% for m in messages %}[{{ m.role }}]{{ m.content }}{% endfor %}"
        "{% if add_generation_prompt %}[assistant]<think>{% endif %}",
    )
    assert rules(dpo(), "dpo", dpo(), thinking) == {"prefix_mismatch"}


def test_a_dummy_that_would_be_trained_is_found() -> None:
    """What Axolotl made of a chosen answer that only calls a tool, before such rows were left out."""
    row = dpo()
    row["chosen"] = [calls("", ("call_1", "bash", {"command": "ls"}))]
    spoiled = Form(lambda line, _: line, TRAINERS["axolotl"].forms["dpo"].read, "")
    reports, _ = check([row], "dpo", Trainer("axolotl", "", {"dpo": spoiled}), "dict", [CHATML])
    assert {"dummy_text", "lost_tool_call"} <= {finding.rule for finding in reports[0].findings}
    assert {finding.record_uid for finding in reports[0].findings} == {row["record_uid"]}


def test_words_that_only_look_like_faults_are_none() -> None:
    row = agentic_code()
    row["messages"][1]["tool_calls"][0]["function"]["arguments"] = {"command": 'echo null "\\"a\\""', "note": "None"}
    row["messages"][-1] = told("It printed null, [[dummy_message]] and None.")
    assert rules(row, "agentic_code", row) == set()


def test_arguments_are_found_however_a_template_writes_them() -> None:
    python = compiled(
        "python",
        "{% for t in tools or [] %}{{ t.function.name }} {% endfor %}"
        "{% for m in messages %}[{{ m.role }}]{{ m.content }}"
        "{% for c in m.tool_calls or [] %}{{ c.function.name }}({{ c.function.arguments }}){% endfor %}{% endfor %}"
        "{% if add_generation_prompt %}[assistant]{% endif %}",
    )
    row = agentic_code()
    row["messages"][1]["tool_calls"][0]["function"]["arguments"]["command"] = "print('a')\n\tprint(\"b\")"
    assert rules(row, "agentic_code", row, python) == set()


def test_a_template_is_asked_only_for_what_it_has_a_place_for() -> None:
    plain = compiled(
        "plain",
        "{% for m in messages %}[{{ m.role }}]{{ m.content }}{% endfor %}"
        "{% if add_generation_prompt %}[assistant]{% endif %}",
    )
    assert capabilities(plain, "dict") == {"dialogue", "answer after its prompt", "system message"}
    assert capabilities(CHATML, "dict") >= {"tool calls", "tool schemas", "parallel calls", "text beside a call"}
    assert "tool calls" not in capabilities(CHATML, "string")
    trainer = trainer_named("trl")
    asked, _ = check([agentic_code()], "agentic_code", trainer, "dict", [plain])
    assert (asked[0].rows, sum(asked[0].passed_over.values()), asked[0].findings) == (0, 1, [])
    strict, _ = check([agentic_code()], "agentic_code", trainer, "dict", [plain], strict=frozenset({"plain"}))
    assert strict[0].findings


@pytest.mark.parametrize(
    ("arguments", "name"), [("string", "chatml"), ("string", "parameters"), ("dict", "text_arguments")]
)
def test_a_template_that_wants_the_other_form_of_arguments_is_found(arguments: Any, name: str) -> None:
    template = compiled(name, source(name))
    reports, _ = check(
        [agentic_code()], "agentic_code", trainer_named("trl"), arguments, [template], strict=frozenset({name})
    )
    assert {finding.rule for finding in reports[0].findings} & {"double_encoded_arguments", "template_refuses"}


def test_a_template_cannot_reach_out_of_its_sandbox() -> None:
    escape = compiled("escape", "{{ ''.__class__.__mro__[1].__subclasses__() }}{{ messages.append(1) }}")
    samples = [Sample("messages", ROWS["conversational"]()["messages"], None, (3,))]
    row = ROWS["conversational"]()
    assert {rule for rule, _ in broken_rules(row, "conversational", row, samples, escape)} == {"template_refuses"}
    assert row == ROWS["conversational"]()


def test_a_tokenizers_configuration_gives_its_templates_and_tokens(tmp_path: Path) -> None:
    config = tmp_path / "tokenizer_config.json"
    config.write_text(
        json.dumps(
            {
                "bos_token": {"content": "<s>"},
                "eos_token": "</s>",
                "chat_template": [
                    {"name": "default", "template": "{{ bos_token }}{{ messages[0].content }}{{ eos_token }}"},
                    {"name": "tool_use", "template": "{{ tools | tojson }}"},
                ],
            }
        )
    )
    default, tool_use = from_file(config)
    assert (default.name, tool_use.name) == ("tokenizer_config.json:default", "tokenizer_config.json:tool_use")
    assert default.render([told("ä")], None, False).text == "<s>ä</s>"
    assert tool_use.render([], ["ä"], False).text == '["ä"]'


@pytest.mark.parametrize(
    ("name", "text"),
    [("a.jinja", "{% for %}"), ("a.json", "{"), ("a.json", "{}"), ("a.json", "[]"), ("b.jinja", "x" * (1 << 20) + "x")],
)
def test_what_is_no_template_is_refused(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(BadInput):
        from_file(tmp_path / name)
