"""The secured copy of an export: verified, named by its bytes, made once."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest
from exporting import chatgpt, write, write_zip
from intake import Intake, files_of

from moonshine_assets.errors import BadInput, Corruption
from moonshine_assets.providers import source
from moonshine_assets.providers.source import raw_path, read_lock, secure


def archived(intake: Intake) -> set[str]:
    return {name for name in files_of(intake.home) if name.startswith("archive/")}


@pytest.fixture
def export(tmp_path: Path) -> Path:
    return write(tmp_path / "conversations.json", [chatgpt("c")])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path / "export" / "deep" / "conversations.json", [chatgpt("c")])
    write(tmp_path / "export" / "deep" / "files" / "picture.png", b"\x89PNG")
    return tmp_path / "export"


def test_the_copy_is_named_by_the_bytes_and_cannot_be_written(intake: Intake, export: Path) -> None:
    run = intake.registered(export)
    secured = secure(run)
    assert secured.path.read_bytes() == export.read_bytes()
    assert secured.path.name == f"{secured.sha256}.json"
    assert secured.path.stat().st_mode & 0o222 == 0
    assert archived(intake) == {f"archive/chatgpt/{run.run_id}/raw/{secured.path.name}"}


def test_a_folder_is_copied_whole(intake: Intake, folder: Path) -> None:
    run = intake.registered(folder)
    secured = secure(run)
    assert {path.relative_to(secured.path).as_posix() for path in secured.path.rglob("*") if path.is_file()} == {
        "deep/conversations.json",
        "deep/files/picture.png",
    }
    assert secured.sha256 == secured.path.name
    assert secured.size_bytes == read_lock(run)["size_bytes"]


def test_securing_twice_copies_once(intake: Intake, export: Path) -> None:
    run = intake.registered(export)
    first = secure(run)
    changed = first.path.stat().st_mtime_ns
    export.unlink()
    assert secure(run) == first
    assert first.path.stat().st_mtime_ns == changed


def test_an_export_that_changed_after_its_lock_is_refused(intake: Intake, export: Path) -> None:
    run = intake.registered(export)
    write(export, [chatgpt("other")])
    with pytest.raises(BadInput, match=r"conversations\.json: the export changed since it was locked"):
        secure(run)
    assert archived(intake) == set()


def test_a_folder_that_changed_after_its_lock_is_refused(intake: Intake, folder: Path) -> None:
    run = intake.registered(folder)
    write(folder / "more.json", b"[]")
    with pytest.raises(BadInput, match="export: the export changed since it was locked"):
        secure(run)
    assert archived(intake) == set()


def test_an_export_that_is_gone_is_named(intake: Intake, export: Path) -> None:
    run = intake.registered(export)
    export.unlink()
    with pytest.raises(BadInput, match="no longer where it was locked; put it back, or register it where it is now"):
        secure(run)


def test_an_export_that_cannot_be_read_any_more_is_named(
    intake: Intake, export: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = intake.registered(export)

    def fail(*_: object) -> str:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(source, "copy_hashed", fail)
    with pytest.raises(BadInput, match=r"conversations\.json: cannot be copied \(Input/output error\)"):
        secure(run)


@pytest.mark.parametrize("kind", ["file", "zip", "folder"])
def test_a_damaged_copy_is_corruption_and_never_read_from(
    intake: Intake, export: Path, folder: Path, tmp_path: Path, kind: str
) -> None:
    packed = write_zip(tmp_path / "export.zip", {"conversations.json": [chatgpt("c")]})
    run = intake.registered({"file": export, "zip": packed, "folder": folder}[kind])
    copy = secure(run).path
    if kind == "folder":
        copy = copy / "deep" / "files" / "picture.png"
    copy.chmod(0o644)
    copy.write_bytes(copy.read_bytes()[:-1] + b"?")
    with pytest.raises(Corruption, match=r"the archived export has SHA-256 .*; remove the damaged copy and run again"):
        secure(run)


def test_a_copy_that_is_cut_off_is_corruption(intake: Intake, export: Path) -> None:
    run = intake.registered(export)
    copy = secure(run).path
    copy.chmod(0o644)
    copy.write_bytes(b"")
    with pytest.raises(Corruption):
        secure(run)


def test_what_a_crash_left_of_a_copy_is_replaced(intake: Intake, export: Path, folder: Path) -> None:
    for place in (export, folder):
        run = intake.registered(place)
        target = raw_path(run, read_lock(run))
        draft = target.with_name(f".draft.{target.name}")
        if place.is_dir():
            write(draft / "half.json", b"[")
        else:
            write(draft, b"[")
            write(target.with_name(f".{draft.name[:64]}.x1y2z3"), b"[")
        assert secure(run).sha256 == read_lock(run)["source_sha256"]
        assert list(target.parent.iterdir()) == [target]


def test_the_last_words_of_a_long_name_are_no_ending(intake: Intake, tmp_path: Path) -> None:
    path = write(tmp_path / ("Talks of 2025. " + "All of them, " * 15 + "I think"), [chatgpt("c")])
    secured = secure(intake.registered(path))
    assert secured.path.name == secured.sha256


def test_a_run_that_was_never_registered_has_no_lock(intake: Intake) -> None:
    with pytest.raises(BadInput, match="no source is locked to this run"):
        read_lock(intake.home.run("chatgpt_20260131_120000"))
