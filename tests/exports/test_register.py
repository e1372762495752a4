"""The same bytes are the same run, for ever; what cannot be taken in leaves a reason and nothing else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from exporting import chatgpt, claude, write, write_zip
from intake import MOMENT, Intake, files_of

from moonshine_assets.errors import BadInput, Corruption
from moonshine_assets.exports.register import register, source_record, source_sha256
from moonshine_assets.providers.source import read_lock
from moonshine_resources.home import Home

LATER = MOMENT + timedelta(hours=1)


def test_an_export_is_locked_by_its_bytes(home: Home, tmp_path: Path) -> None:
    path = write(tmp_path / "conversations.json", [chatgpt("c")])
    found = register(home, path, moment=MOMENT)
    assert (found.run_id, found.provider, found.known) == ("chatgpt_20260131_120000", "chatgpt", False)
    lock = read_lock(home.run(found.run_id))
    assert lock == source_record(home, found.sha256)
    assert lock["source_sha256"] == source_sha256(path)
    assert (lock["kind"], lock["size_bytes"]) == ("file", path.stat().st_size)


@pytest.mark.parametrize("kind", ["file", "zip", "folder"])
def test_the_same_bytes_are_the_same_run_under_any_name_at_any_time(home: Home, tmp_path: Path, kind: str) -> None:
    for name in ("one", "another"):
        place = tmp_path / name / "export"
        if kind == "folder":
            write(place / "conversations.json", [chatgpt("c")])
        elif kind == "zip":
            place.parent.mkdir()
            write_zip(place, [("conversations.json", [chatgpt("c")])])
        else:
            write(place, [chatgpt("c")])
    (tmp_path / "another" / "export").rename(tmp_path / "another" / "renamed.zip")
    first = register(home, tmp_path / "one" / "export", moment=MOMENT)
    before = files_of(home)
    again = register(home, tmp_path / "another" / "renamed.zip", moment=LATER)
    assert (again.run_id, again.known, files_of(home)) == (first.run_id, True, before)


def test_other_bytes_in_the_same_second_are_another_run(intake: Intake, tmp_path: Path) -> None:
    runs = [intake.registered(write(tmp_path / f"{n}.json", [chatgpt(f"c{n}")])).run_id for n in range(3)]
    assert runs == ["chatgpt_20260131_120000", "chatgpt_20260131_120000_2", "chatgpt_20260131_120000_3"]


def test_a_crash_between_the_two_lock_files_is_mended_by_the_next_registration(intake: Intake, tmp_path: Path) -> None:
    path = write(tmp_path / "conversations.json", [chatgpt("c")])
    run = intake.registered(path)
    lock = run.lock.read_bytes()
    run.lock.unlink()
    assert intake.registered(path, LATER) == run
    assert run.lock.read_bytes() == lock


def test_a_crash_between_the_two_lock_files_gives_nobody_else_the_run(intake: Intake, tmp_path: Path) -> None:
    path = write(tmp_path / "conversations.json", [chatgpt("c")])
    crashed = intake.registered(path)
    crashed.lock.unlink()
    other = intake.registered(write(tmp_path / "other.json", [chatgpt("d")]))
    assert other != crashed
    assert intake.registered(path) == crashed
    assert read_lock(crashed)["source_sha256"] == source_sha256(path)


def test_a_lock_on_other_bytes_is_corruption_and_not_overwritten(intake: Intake, tmp_path: Path) -> None:
    path = write(tmp_path / "conversations.json", [chatgpt("c")])
    run = intake.registered(path)
    run.lock.write_text(json.dumps({**read_lock(run), "source_sha256": "0" * 64}))
    with pytest.raises(Corruption, match="locked to other bytes"):
        intake.registered(path)
    assert read_lock(run)["source_sha256"] == "0" * 64


def test_a_damaged_lock_is_named(intake: Intake, tmp_path: Path) -> None:
    path = write(tmp_path / "conversations.json", [chatgpt("c")])
    run = intake.registered(path)
    run.lock.write_bytes(run.lock.read_bytes()[:-20])
    with pytest.raises(Corruption, match=r"source_lock\.json: the file is not the JSON that was written"):
        intake.registered(path)


def test_until_it_is_archived_an_export_is_read_from_where_it_was_last_seen(intake: Intake, tmp_path: Path) -> None:
    path = write(tmp_path / "conversations.json", [chatgpt("c")])
    run = intake.registered(path)
    moved = path.rename(tmp_path / "moved.json")
    intake.registered(moved)
    assert (read_lock(run)["location"], read_lock(run)["source_path"]) == (str(moved), "conversations.json")
    assert intake.drafted(moved) == run


def test_two_processes_at_once_agree_on_one_run(home: Home, tmp_path: Path) -> None:
    path = write(tmp_path / "conversations.json", [chatgpt("c")])
    program = """
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from moonshine_assets.exports.register import register
from moonshine_resources.home import Home
print("ready", flush=True)
sys.stdin.readline()
moment = datetime(2026, 1, 31, 12, 0, int(sys.argv[3]), tzinfo=UTC)
found = register(Home.at(sys.argv[1]), Path(sys.argv[2]), moment=moment)
print(found.run_id, found.known)
"""
    children = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(home.root), str(path), str(second)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for second in range(3)
    ]
    for child in children:
        assert child.stdout is not None and child.stdout.readline() == "ready\n"
    for child in children:
        assert child.stdin is not None
        child.stdin.write("\n")
        child.stdin.flush()
    answers = [child.communicate()[0].split() for child in children]
    assert len({run_id for run_id, _ in answers}) == 1
    assert sorted(known for _, known in answers) == ["False", "True", "True"]
    assert len(list(home.sources.iterdir())) == 1


def test_a_configured_lock_refuses_other_bytes(home: Home, tmp_path: Path) -> None:
    path = write(tmp_path / "conversations.json", [chatgpt("c")])
    with pytest.raises(BadInput, match=r"conversations\.json: has SHA-256 .*, but the configured lock is 0000"):
        register(home, path, moment=MOMENT, expected_sha256="0" * 64)
    assert files_of(home) == set()
    assert register(home, path, moment=MOMENT, expected_sha256=source_sha256(path)).known is False


def refused(home: Home, path: Path) -> str:
    """The one line of the refusal; nothing but the reason is in the home, and the export is as it was."""
    before = None if path.is_dir() else path.read_bytes()
    with pytest.raises(BadInput) as refusal:
        register(home, path, moment=MOMENT)
    line = str(refusal.value)
    assert line.startswith(path.name) and refusal.value.fix and len(line.splitlines()) == 1
    sha256 = source_sha256(path)
    assert files_of(home) == {f"reports/sources/{sha256}.json"}
    record = source_record(home, sha256)
    assert record is not None and record["refused"] == line
    assert not (home.root / "work").exists() or list((home.root / "work").iterdir()) == []
    assert before is None or path.read_bytes() == before
    return line


@pytest.mark.parametrize(
    "whole", [[chatgpt("one"), chatgpt("two")], claude("one"), {"one": chatgpt("one")}], ids=["array", "object", "map"]
)
def test_an_export_cut_off_at_any_byte_is_refused_and_left_alone(home: Home, tmp_path: Path, whole: Any) -> None:
    data = json.dumps(whole).encode()
    path = tmp_path / "conversations.json"
    for end in [1, 2, 10, len(data) // 3, len(data) // 2, len(data) - 2, len(data) - 1]:
        write(path, data[:end])
        assert f"conversations.json: the JSON is cut off at byte {end}" in refused(home, path)
        (home.sources / f"{source_sha256(path)}.json").unlink()


def test_the_member_of_a_zip_at_fault_is_named(home: Home, tmp_path: Path) -> None:
    path = write_zip(tmp_path / "export.zip", {"x/conversations-000.json": b"[1", "x/conversations-001.json": b"[]"})
    assert refused(home, path).startswith("export.zip: x/conversations-000.json: the JSON is cut off at byte 2")


@pytest.mark.parametrize(
    "data",
    [b"", b"version https://git-lfs.github.com/spec/v1\n", b"<html>Log in</html>", "[]".encode("utf-16"), b"{}"],
    ids=["empty", "pointer", "login page", "UTF-16", "nothing"],
)
def test_what_is_no_export_leaves_a_reason_and_nothing_else(home: Home, tmp_path: Path, data: bytes) -> None:
    refused(home, write(tmp_path / "conversations.json", data))


def test_a_refused_export_is_looked_at_again(home: Home, tmp_path: Path) -> None:
    path = write(tmp_path / "conversations.json", [1, 2])
    refused(home, path)
    refused(home, path)


def test_a_hostile_zip_leaves_nothing_in_the_home(home: Home, tmp_path: Path) -> None:
    refused(home, write_zip(tmp_path / "export.zip", {"../conversations.json": [chatgpt("c")]}))


def test_a_manifest_that_lists_a_missing_shard_is_refused(home: Home, tmp_path: Path) -> None:
    manifest = {
        "logical_files": {"conversations.json": {"files": ["conversations-000.json", "conversations-001.json"]}}
    }
    members = {"export_manifest.json": manifest, "conversations-000.json": [chatgpt("c")]}
    assert "conversations-001.json" in refused(home, write_zip(tmp_path / "export.zip", members))


def test_what_cannot_be_read_is_one_clear_error(home: Home, tmp_path: Path) -> None:
    (tmp_path / "dangling.json").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "pipe.json")
    places = {
        tmp_path / "absent.json": "no such file or folder",
        tmp_path / "dangling.json": "not a file, zip or folder that can be read",
        tmp_path / "pipe.json": "not a file, zip or folder that can be read",
        Path("/dev/zero"): "not a file, zip or folder that can be read",
        Path("/proc/self/mem"): r"cannot be read \(Input/output error\)",
        tmp_path / ("x" * 300): "cannot be read",
        tmp_path / "caf\udce9.json": "is not UTF-8",
    }
    for place, reason in places.items():
        with pytest.raises(BadInput, match=reason) as refusal:
            register(home, place, moment=MOMENT)
        assert refusal.value.fix and len(str(refusal.value).splitlines()) == 1
    assert files_of(home) == set()


def test_an_empty_folder_is_refused(home: Home, tmp_path: Path) -> None:
    (tmp_path / "export").mkdir()
    assert "no conversations of a known provider in 0 files" in refused(home, tmp_path / "export")


def test_a_hash_of_a_folder_depends_on_names_and_bytes_alone(tmp_path: Path) -> None:
    write(tmp_path / "one" / "a" / "b.json", b"1")
    write(tmp_path / "one" / "c.json", b"2")
    write(tmp_path / "two" / "c.json", b"2")
    write(tmp_path / "two" / "a" / "b.json", b"1")
    write(tmp_path / "other" / "a" / "b.json", b"12")
    write(tmp_path / "other" / "c.json", b"")
    one, two, other = (source_sha256(tmp_path / name) for name in ("one", "two", "other"))
    assert one == two != other


def test_text_that_is_no_hash_is_no_path(home: Home) -> None:
    with pytest.raises(BadInput, match="is not a SHA-256"):
        source_record(home, "../../etc/passwd")
