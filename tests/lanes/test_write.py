"""A lane's folder: the same rows are the same bytes, whole or not at all, empty lanes included."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

import duckdb
import msgspec
import polars as pl
import pyarrow.parquet as pq
import pytest
from distill.corpus import Corpus, conversation, human, model

from lanes.build import DISTILLATION, POLICY
from lanes.everyday import everyday_corpus
from moonshine_assets.distill.policy import load
from moonshine_assets.errors import BadInput
from moonshine_assets.lanes.build import LANES, build_lane
from moonshine_assets.lanes.columns import columns
from moonshine_assets.lanes.write import WrittenLane, data_file, write_lane
from moonshine_resources.home import Home

#: Where the one row of each lane is: tier and split.
WHERE = {lane: ("extra" if lane == "agentic_code" else "core", "train") for lane in LANES}


def write(root: Path, lane: str, corpus: Corpus) -> WrittenLane:
    result = build_lane(corpus.mash(), lane, POLICY, DISTILLATION)
    return write_lane(Home.at(root), lane, DISTILLATION, POLICY, result)


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("lane", LANES)
def test_the_order_of_the_export_does_not_change_a_byte(tmp_path: Path, lane: str) -> None:
    one = write(tmp_path / "one", lane, everyday_corpus())
    two = write(tmp_path / "two", lane, everyday_corpus(backwards=True))
    assert one.manifest["rows"] == 1
    assert files(one.folder) == files(two.folder)


@pytest.mark.parametrize("lane", LANES)
def test_jsonl_and_parquet_hold_the_same_rows(tmp_path: Path, lane: str) -> None:
    written = write(tmp_path, lane, everyday_corpus())
    lines = (written.folder / data_file("jsonl", *WHERE[lane])).read_text("utf-8").split("\n")[:-1]
    rows = [json.loads(line) for line in lines]
    assert [list(row) for row in rows] == [list(columns(lane))]
    table = pq.read_table(written.folder / data_file("parquet", *WHERE[lane]))
    for name, type_ in columns(lane).items():
        value = table.column(name).to_pylist()[0]
        if str(type_) == "list<item: extension<arrow.json>>":
            assert table.schema.field(name).type.value_type == type_.value_type
            value = [json.loads(item) for item in value]
        assert value == rows[0][name]
    assert pl.read_parquet(written.folder / data_file("parquet", *WHERE[lane])).height == 1


def test_objects_keep_their_own_keys(tmp_path: Path) -> None:
    written = write(tmp_path, "agentic_code", everyday_corpus())
    row = json.loads((written.folder / "jsonl" / "extra" / "train.jsonl").read_text("utf-8"))
    function = row["messages"][1]["tool_calls"][0]["function"]
    assert function["arguments"] == {"command": "ls", "deep": {"a": [1, 2.5, True]}}
    assert "größte" in (
        write(tmp_path, "conversational", everyday_corpus()).folder / "jsonl" / "train.jsonl"
    ).read_text("utf-8")


@pytest.mark.parametrize("lane", LANES)
def test_the_manifest_names_every_file_by_its_hash_and_keeps_the_books(tmp_path: Path, lane: str) -> None:
    written = write(tmp_path, lane, everyday_corpus())
    stored = json.loads((written.folder / "manifest.json").read_text("utf-8"))
    assert stored == written.manifest
    assert {file["path"]: file["sha256"] for file in stored["files"]} == {
        name: sha256(data).hexdigest() for name, data in files(written.folder).items() if name != "manifest.json"
    }
    assert stored["candidates"] == stored["rows"] + sum(stored["dropped"].values())
    assert (stored["policy_version"], stored["run_id"]) == (POLICY.version, DISTILLATION)
    assert (stored["unaudited"], stored["label_precision"]) == (True, None)


@pytest.mark.parametrize("lane", LANES)
def test_an_empty_lane_is_written_as_empty_with_the_reasons(tmp_path: Path, lane: str) -> None:
    corpus = Corpus(conversation("c1", human("u", None, "Hello"), model("a", "u", "Hi")))
    written = write(tmp_path, lane, corpus)
    assert (written.folder / data_file("jsonl", *WHERE[lane])).read_bytes() == b""
    table = pq.read_table(written.folder / data_file("parquet", *WHERE[lane]))
    assert (table.num_rows, table.column_names) == (0, list(columns(lane)))
    assert (written.manifest["rows"], sum(written.manifest["dropped"].values())) == (0, 1)
    card = (written.folder / "README.md").read_text("utf-8")
    assert "The lane is empty" in card
    assert f"| {next(iter(written.manifest['dropped']))} | 1 |" in card


def test_a_lane_of_an_empty_mash_is_written(tmp_path: Path) -> None:
    assert write(tmp_path, "dpo", Corpus()).manifest["candidates"] == 0


def test_the_card_lists_jsonl_alone(tmp_path: Path) -> None:
    card = (write(tmp_path, "dpo", everyday_corpus()).folder / "README.md").read_text("utf-8")
    front = card.split("---\n")[1]
    assert "path: jsonl/train.jsonl" in front and "parquet" not in front


def test_writing_again_touches_no_file(tmp_path: Path) -> None:
    first = write(tmp_path, "dpo", everyday_corpus())
    before = {path: path.stat().st_mtime_ns for path in first.folder.rglob("*")}
    again = write(tmp_path, "dpo", everyday_corpus())
    assert (first.changed, again.changed) == (True, False)
    assert {path: path.stat().st_mtime_ns for path in first.folder.rglob("*")} == before


def test_a_file_that_was_damaged_is_put_right_and_no_draft_is_left(tmp_path: Path) -> None:
    folder = write(tmp_path, "dpo", everyday_corpus()).folder
    sound = files(folder)
    (folder / "jsonl" / "train.jsonl").write_text("{}")
    (folder / "manifest.json").unlink()
    assert write(tmp_path, "dpo", everyday_corpus()).changed
    assert files(folder) == sound
    assert [path.name for path in folder.parent.iterdir()] == [DISTILLATION]


def test_a_failed_write_leaves_no_folder(tmp_path: Path) -> None:
    result = build_lane(everyday_corpus().mash(), "dpo", POLICY, "another_run")
    with pytest.raises(BadInput, match="another run or policy"):
        write_lane(Home.at(tmp_path), "dpo", DISTILLATION, POLICY, result)
    assert list((tmp_path / "reports" / "distillations" / "dpo").iterdir()) == []


@pytest.mark.parametrize("run_id", ["../up", "", ".hidden", "a/b"])
def test_a_run_id_can_not_leave_the_home(tmp_path: Path, run_id: str) -> None:
    result = build_lane(Corpus().mash(), "dpo", POLICY, run_id)
    with pytest.raises(BadInput):
        write_lane(Home.at(tmp_path), "dpo", run_id, POLICY, result)


def test_rows_of_another_policy_are_refused(tmp_path: Path) -> None:
    result = build_lane(everyday_corpus().mash(), "dpo", load("seed"), DISTILLATION)
    with pytest.raises(BadInput, match="another run or policy"):
        write_lane(Home.at(tmp_path), "dpo", DISTILLATION, POLICY, result)


def test_lanes_are_read_from_a_read_only_mash(tmp_path: Path) -> None:
    path = tmp_path / "mash.db"
    everyday_corpus().mash(str(path)).close()
    with duckdb.connect(str(path), read_only=True) as connection:
        assert all(len(build_lane(connection, lane, POLICY, DISTILLATION).rows) == 1 for lane in LANES)


def test_thresholds_come_from_the_policy() -> None:
    lanes = POLICY.lanes
    strict = msgspec.structs.replace(lanes.conversational, minimum_human_turns=3)
    policy = msgspec.structs.replace(POLICY, lanes=msgspec.structs.replace(lanes, conversational=strict))
    result = build_lane(everyday_corpus().mash(), "conversational", policy, DISTILLATION)
    assert (list(result.rows), result.dropped) == ([], {"tool_calls": 1, "too_few_human_turns": 2})


def test_an_unknown_lane_is_refused() -> None:
    with pytest.raises(BadInput, match="lanes are conversational"):
        build_lane(Corpus().mash(), "conversation", POLICY, DISTILLATION)
