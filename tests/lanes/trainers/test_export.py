"""An export is what its trainer reads: nothing of a row is lost without a reason that is counted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from lanes.published_lanes import RUN, agentic_code, calls, dpo, publish, result, rows_of_every_lane, told, user
from moonshine_assets.errors import BadInput, Corruption
from moonshine_assets.lanes import rewards
from moonshine_assets.lanes.build import LANES
from moonshine_assets.lanes.published import files, published, rows_of
from moonshine_assets.lanes.trainers.export import export
from moonshine_assets.lanes.trainers.form import Left
from moonshine_assets.lanes.trainers.registry import TRAINERS, form_of, trainer_named
from moonshine_resources.home import Home

TAKEN = [(trainer.name, lane) for trainer in TRAINERS.values() for lane in trainer.forms if lane in LANES]


@pytest.fixture
def lanes_home(home: Home) -> Home:
    return publish(home, {lane: rows for lane, rows in rows_of_every_lane().items() if lane in LANES})


def written(home: Home, trainer: str, lane: str, **more: Any) -> Path:
    done = export(published(home, lane)[0], trainer_named(trainer), home.export(trainer, lane, RUN), **more)
    return done.folder


def lines(path: Path) -> list[dict[str, Any]]:
    if path.suffix == ".parquet":
        return pq.read_table(path).to_pylist()
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


@pytest.mark.parametrize(("trainer", "lane"), TAKEN)
def test_the_books_of_an_export_balance_and_name_every_file(lanes_home: Home, trainer: str, lane: str) -> None:
    folder = written(lanes_home, trainer, lane)
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    assert manifest["rows_in"] == 3 == manifest["rows_out"] + sum(manifest["dropped"].values())
    assert {file["path"] for file in manifest["files"]} | {"manifest.json"} == {path.name for path in folder.iterdir()}
    kind = trainer_named(trainer).file_format
    assert manifest["rows_by_split"] == {"train": 2, "validation": 1}
    assert [len(lines(folder / f"{split}.{kind}")) for split in ("train", "validation")] == [2, 1]


@pytest.mark.parametrize(("trainer", "lane"), TAKEN)
def test_the_same_lane_gives_the_same_bytes(lanes_home: Home, trainer: str, lane: str, tmp_path: Path) -> None:
    one, again = published(lanes_home, lane)[0], trainer_named(trainer)
    first, second = export(one, again, tmp_path / "a"), export(one, again, tmp_path / "b")
    assert {path.name: path.read_bytes() for path in first.folder.iterdir()} == {
        path.name: path.read_bytes() for path in second.folder.iterdir()
    }
    assert export(one, again, tmp_path / "a").changed is False


@pytest.mark.parametrize(("trainer", "lane"), TAKEN)
def test_every_line_can_be_traced_to_its_row(lanes_home: Home, trainer: str, lane: str) -> None:
    folder = written(lanes_home, trainer, lane)
    wanted = [row["record_uid"] for row in rows_of(files(published(lanes_home, lane)[0])) if row["split"] == "train"]
    beside = folder / "train.provenance.jsonl"
    found = lines(beside if beside.exists() else folder / f"train.{trainer_named(trainer).file_format}")
    assert [line.get("record_uid") or line["extra_info"]["record_uid"] for line in found] == wanted


def test_the_other_tier_is_exported_when_asked_for(lanes_home: Home) -> None:
    assert len(lines(written(lanes_home, "trl", "dpo", tier="extra") / "train.jsonl")) == 1
    assert len(lines(written(lanes_home, "trl", "dpo", tier="all") / "train.jsonl")) == 3


def test_files_that_are_no_more_are_removed(lanes_home: Home) -> None:
    folder = written(lanes_home, "trl", "dpo")
    assert (folder / "validation.jsonl").exists()
    written(lanes_home, "trl", "dpo", tier="extra")
    assert not (folder / "validation.jsonl").exists()


def test_a_folder_with_something_else_in_it_is_left_alone(lanes_home: Home, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "train.jsonl").write_text("mine")
    with pytest.raises(BadInput, match="no trl export"):
        export(published(lanes_home, "dpo")[0], trainer_named("trl"), tmp_path / "mine")
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["train.jsonl"]


def test_a_lane_file_that_was_changed_is_not_exported(lanes_home: Home, tmp_path: Path) -> None:
    lane = published(lanes_home, "dpo")[0]
    with (lane.folder / "jsonl" / "train.jsonl").open("a") as stream:
        stream.write("{}\n")
    with pytest.raises(Corruption):
        export(lane, trainer_named("trl"), tmp_path / "out")
    assert list(tmp_path.glob("*out*")) == []


def test_lanes_and_arguments_a_trainer_does_not_take_are_refused(lanes_home: Home, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="takes no dpo rows"):
        export(published(lanes_home, "dpo")[0], trainer_named("verl"), tmp_path / "x")
    with pytest.raises(BadInput, match="does not take arguments as dict"):
        export(published(lanes_home, "agentic_code")[0], trainer_named("openai"), tmp_path / "x", arguments="dict")
    with pytest.raises(BadInput, match="no trainer 'tlr'"):
        trainer_named("tlr")


@pytest.mark.parametrize("run_id", ["../dpo", "main_20270101_000000", ".", ""])
def test_a_run_that_is_not_there_is_refused(lanes_home: Home, run_id: str) -> None:
    if run_id:
        with pytest.raises(BadInput):
            published(lanes_home, "dpo", run_id)
    else:
        assert published(lanes_home, "dpo", run_id)[0].run_id == RUN


def test_rewards_travel_with_the_questions(lanes_home: Home) -> None:
    for trainer in ("trl", "axolotl", "openrlhf", "verl", "openai"):
        copy = written(lanes_home, trainer, "grpo") / "moonshine_reward.py"
        assert copy.read_bytes() == Path(rewards.__file__).read_bytes()


def line_of(trainer: str, row: dict[str, Any], lane: str, arguments: str = "dict") -> Any:
    return form_of(trainer_named(trainer), lane).write(row, arguments)  # type: ignore[arg-type]


def test_arguments_are_objects_or_text_as_asked() -> None:
    as_object, as_text = (line_of("trl", agentic_code(), "agentic_code", form) for form in ("dict", "string"))
    given = as_object["messages"][1]["tool_calls"][0]["function"]["arguments"]
    assert given == {"command": 'echo "größte" && ls -la', "deep": {"a": [1, 2.5, True]}}
    assert json.loads(as_text["messages"][1]["tool_calls"][0]["function"]["arguments"]) == given


def with_tools(side: str) -> dict[str, Any]:
    row = dpo()
    called = [calls("I look.", ("call_1", "bash", {"command": "ls"})), result("call_1", "bash", "a")]
    row[side] = [*row[side], *called] if side == "prompt" else called[:1]
    return row


@pytest.mark.parametrize("trainer", ["axolotl", "openrlhf"])
@pytest.mark.parametrize("side", ["prompt", "chosen", "rejected"])
def test_pairs_with_tools_are_left_out_where_they_would_be_spoiled(trainer: str, side: str) -> None:
    assert line_of(trainer, with_tools(side), "dpo") == Left("tool_calls")
    assert not isinstance(line_of("trl", with_tools(side), "dpo"), Left)


def test_axolotl_takes_no_answer_without_words_and_none_in_parts() -> None:
    empty, parts = dpo(), dpo()
    empty["chosen"] = [told(" ")]
    parts["chosen"] = [told("a"), told("b")]
    assert line_of("axolotl", empty, "dpo") == Left("empty_answer")
    assert line_of("axolotl", parts, "dpo") == Left("several_messages")


def test_llamafactory_is_told_in_its_own_roles() -> None:
    line = line_of("llamafactory", agentic_code(), "agentic_code")
    assert [turn["from"] for turn in line["conversations"]] == [
        "human",
        "function_call",
        "observation",
        "function_call",
        "observation",
        "gpt",
    ]
    first, second = line["conversations"][1]["value"], line["conversations"][3]["value"]
    assert first.startswith('I look.<tool_call>[{"name":"bash"')
    assert json.loads(second) == [
        {"name": "read", "arguments": {"path": "a.txt"}},
        {"name": "bash", "arguments": {"command": "true"}},
    ]
    assert [tool["function"]["name"] for tool in json.loads(line["tools"])] == ["bash", "read"]


def test_llamafactory_takes_no_turns_that_do_not_alternate() -> None:
    row, marked = agentic_code(), agentic_code()
    row["messages"].insert(0, user("And:"))
    marked["messages"][1]["content"] = "I write <tool_call> here."
    assert line_of("llamafactory", row, "agentic_code") == Left("turns_do_not_alternate")
    assert line_of("llamafactory", marked, "agentic_code") == Left("call_marks_in_text")


def test_llamafactory_describes_its_data_sets(lanes_home: Home) -> None:
    folder = written(lanes_home, "llamafactory", "dpo")
    info = json.loads((folder / "dataset_info.json").read_text("utf-8"))
    assert {name: one["file_name"] for name, one in info.items()} == {
        "moonshine_dpo_train": "train.jsonl",
        "moonshine_dpo_validation": "validation.jsonl",
    }
    assert all(one["ranking"] and one["columns"]["chosen"] == "chosen" for one in info.values())


def test_verl_gets_structs_without_nulls(lanes_home: Home) -> None:
    line = lines(written(lanes_home, "verl", "agentic_code") / "train.parquet")[0]
    assert "tools" not in line
    assert None not in [value for message in line["messages"] for value in message.values()]
    assert json.loads(line["messages"][3]["tool_calls"][0]["function"]["arguments"]) == {"path": "a.txt"}
    question = lines(written(lanes_home, "verl", "grpo") / "train.parquet")[0]
    assert question["reward_model"] == {"style": "rule", "ground_truth": "391"}
    assert question["extra_info"]["verifier_args"] == '{"expression": "17 * 23"}'


def test_openai_gets_no_keys_it_does_not_know() -> None:
    line = line_of("openai", agentic_code(), "agentic_code", "string")
    assert set(line) == {"messages", "tools"}
    assert {key for message in line["messages"] for key in message} == {
        "role",
        "content",
        "tool_calls",
        "tool_call_id",
    }
    pair = line_of("openai", dpo(), "dpo", "string")
    assert set(pair) == {"input", "preferred_output", "non_preferred_output"}


def test_nemo_rl_gets_two_ranked_completions_and_questions_its_environment_can_check() -> None:
    pair = line_of("nemo_rl", dpo(), "dpo")
    assert [(one["rank"], one["completion"]) for one in pair["completions"]] == [
        (0, dpo()["chosen"]),
        (1, dpo()["rejected"]),
    ]
    question = rows_of_every_lane()["grpo"][0]
    assert line_of("nemo_rl", question, "grpo")["output"] == "391"
    assert line_of("nemo_rl", {**question, "verifier": "json_object"}, "grpo") == Left("verifier_unknown_to_trainer")


def test_openrlhf_finds_the_source_and_the_whole_task() -> None:
    line = line_of("openrlhf", rows_of_every_lane()["grpo"][0], "grpo")
    assert line["datasource"] == "moonshine_arithmetic_exact"
    assert set(json.loads(line["label"])) == {"verifier", "ground_truth", "verifier_args"}
