"""`moonshine lanes list|export|check`: what is there, what a trainer gets, and exit code 1 when rows would be lost."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from lanes.published_lanes import RUN, agentic_code, publish, rows_of_every_lane
from terminal import in_process

from moonshine_assets.lanes.trainers import template as templates
from moonshine_resources.home import Home


@pytest.fixture
def lanes_home(home: Home) -> Home:
    return publish(home, rows_of_every_lane())


def test_the_list_says_who_takes_what(lanes_home: Home) -> None:
    found = json.loads(in_process("lanes", "list", "--json", home=lanes_home).out)
    takers = {one["lane"]: one["trainers"] for one in found}
    assert takers["kto"] == ["trl", "llamafactory"]
    assert set(takers) == set(rows_of_every_lane())
    verl = json.loads(in_process("lanes", "list", "--trainer", "verl", "--json", home=lanes_home).out)
    assert [one["lane"] for one in verl] == ["conversational", "grpo", "agentic_code"]


def test_an_export_goes_into_the_home_or_where_it_is_told(lanes_home: Home, tmp_path: Path) -> None:
    said = in_process("lanes", "export", "--trainer", "axolotl", home=lanes_home)
    assert (said.code, said.err) == (0, "")
    assert (lanes_home.export("axolotl", "dpo", RUN) / "train.jsonl").exists()
    said = in_process("lanes", "export", "--trainer", "trl", "--lane", "kto", "--to", tmp_path / "x", home=lanes_home)
    assert "kto: 3 of 3 rows" in said.out
    assert sorted(path.name for path in (tmp_path / "x" / "kto").iterdir()) == [
        "README.md",
        "manifest.json",
        "train.jsonl",
        "validation.jsonl",
    ]
    again = in_process("lanes", "export", "--trainer", "trl", "--lane", "kto", "--to", tmp_path / "x", home=lanes_home)
    assert "as it was" in again.out


@pytest.mark.parametrize("trainer", ["trl", "axolotl", "llamafactory", "openrlhf", "verl", "nemo_rl", "openai"])
def test_whole_lanes_pass_the_check_and_it_says_by_which_template(lanes_home: Home, trainer: str) -> None:
    said = in_process("lanes", "check", "--trainer", trainer, home=lanes_home)
    assert (said.code, said.errors) == (0, [])
    assert "chatml" in said.out or "text_arguments" in said.out


def test_what_would_be_lost_is_exit_code_1_with_ids_and_rules(home: Home) -> None:
    row = agentic_code()
    row["messages"][3]["role"] = "user"
    publish(home, {"agentic_code": [row]})
    said = in_process("lanes", "check", "--trainer", "trl", "--json", home=home)
    assert (said.code, len(said.errors)) == (1, 1)
    findings = [one for report in json.loads(said.out)["templates"] for one in report["findings"]]
    assert {(one["record_uid"], one["rule"]) for one in findings} == {(row["record_uid"], "lost_tool_call")}
    assert "lost_tool_call" in in_process("lanes", "check", "--trainer", "trl", home=home).out


def test_a_template_of_ones_own_is_used_and_named(lanes_home: Home, tmp_path: Path) -> None:
    source = (Path(templates.__file__).with_name("templates") / "chatml.jinja").read_text("utf-8")
    config = tmp_path / "tokenizer_config.json"
    config.write_text(json.dumps({"chat_template": source}))
    words = ["lanes", "check", "--trainer", "trl", "--lane", "agentic_code", "--template", config]
    as_object = in_process(*words, home=lanes_home)
    assert as_object.code == 0 and "tokenizer_config.json" in as_object.out
    as_text = in_process(*words, "--arguments", "string", home=lanes_home)
    assert as_text.code == 1 and "double_encoded_arguments" in as_text.out


@pytest.mark.parametrize(
    "words",
    [
        ["export", "--trainer", "tlr"],
        ["export", "--trainer", "verl", "--lane", "dpo"],
        ["export", "--trainer", "trl", "--lane", "dop"],
        ["check", "--trainer", "trl", "--run", "../../etc"],
    ],
)
def test_what_is_not_there_is_one_line_and_exit_code_2(lanes_home: Home, words: list[str]) -> None:
    said = in_process("lanes", *words, home=lanes_home)
    assert (said.code, len(said.errors)) == (2, 1)
