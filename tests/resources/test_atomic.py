"""Files are there whole or not at all, and files that say the same keep every byte."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import time
from hashlib import sha256
from pathlib import Path

import pytest

from moonshine_assets.errors import Corruption, StorageFull
from moonshine_resources import atomic
from moonshine_resources.atomic import (
    atomic_file,
    copy_folder,
    copy_hashed,
    publish,
    read_json,
    remove_drafts,
    remove_tree,
    sha256_file,
    write_json,
    write_json_keeping,
    write_text,
)

#: Writes over a file and is killed before the rename.
DIES = """
import os, signal, sys
from pathlib import Path
from moonshine_resources.atomic import atomic_file
with atomic_file(Path(sys.argv[1])) as stream:
    stream.write(b"new" * 100_000)
    stream.flush()
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "file.json"


def hidden(path: Path) -> list[Path]:
    return [item for item in path.parent.iterdir() if item.name.startswith(".")]


def test_a_crash_before_the_rename_leaves_the_old_content(file: Path) -> None:
    write_text(file, "old")
    died = subprocess.run([sys.executable, "-c", DIES, str(file)], check=False)
    assert died.returncode == -signal.SIGKILL
    assert file.read_text() == "old"
    assert len(hidden(file)) == 1
    remove_drafts(file)
    assert [item.name for item in file.parent.iterdir()] == ["file.json"]


def test_an_exception_leaves_the_old_content_and_nothing_beside_it(file: Path) -> None:
    write_text(file, "old")
    with pytest.raises(ZeroDivisionError), atomic_file(file) as stream:
        stream.write(b"new")
        raise ZeroDivisionError
    assert file.read_text() == "old"
    assert hidden(file) == []


def test_nobody_sees_a_file_before_it_is_whole(file: Path) -> None:
    with atomic_file(file) as stream:
        stream.write(b"new")
        stream.flush()
        assert not file.exists()
    assert file.read_bytes() == b"new"


def test_the_file_has_the_mode_asked_for(file: Path) -> None:
    with atomic_file(file, mode=0o444) as stream:
        stream.write(b"x")
    assert file.stat().st_mode & 0o777 == 0o444
    write_text(file, "over a read-only file too")
    assert file.stat().st_mode & 0o777 == 0o644


def test_a_full_disk_is_said_and_leaves_the_old_content(file: Path) -> None:
    write_text(file, "old")
    with pytest.raises(StorageFull, match=r"file\.json: no space left"), atomic_file(file):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert file.read_text() == "old"
    assert hidden(file) == []


def test_tidying_takes_drafts_of_this_file_only(file: Path) -> None:
    write_text(file, "kept")
    kept = [
        ".file.json.swp",
        ".file.json.abcd1234.bak",
        ".draft.file.json",
        ".other.json.abcd1234",
        "file.json.abcd1234",
    ]
    for name in [*kept, ".file.json.abcd_123"]:
        (file.parent / name).write_text("x")
    remove_drafts(file)
    assert sorted(item.name for item in file.parent.iterdir()) == sorted(["file.json", *kept])


def test_json_is_readable_and_ends_with_a_line_feed(file: Path) -> None:
    write_json(file, {"b": 1, "a": "ß"})
    assert file.read_text("utf-8") == '{\n  "b": 1,\n  "a": "ß"\n}\n'
    assert read_json(file) == {"b": 1, "a": "ß"}


def test_a_number_that_json_does_not_have_is_refused(file: Path) -> None:
    write_json(file, {"a": 1})
    with pytest.raises(ValueError, match="Out of range"):
        write_json(file, {"a": float("nan")})
    assert read_json(file) == {"a": 1}


def test_saying_the_same_later_keeps_every_byte(file: Path) -> None:
    assert write_json_keeping(file, {"a": 1, "generated_at": "monday"})
    before = file.stat().st_ino, file.read_bytes()
    assert not write_json_keeping(file, {"a": 1, "generated_at": "tuesday"})
    assert (file.stat().st_ino, file.read_bytes()) == before


@pytest.mark.parametrize("other", [{"a": 2}, {"a": 1, "b": 2}, {}, {"a": 1, "generated_by": "x"}])
def test_saying_something_else_is_written(file: Path, other: dict[str, object]) -> None:
    write_json_keeping(file, {"a": 1, "generated_at": "monday"})
    assert write_json_keeping(file, {**other, "generated_at": "tuesday"})
    assert read_json(file) == {**other, "generated_at": "tuesday"}


def test_what_is_volatile_can_be_named(file: Path) -> None:
    write_json_keeping(file, {"a": 1, "at": 1}, volatile=("at",))
    assert not write_json_keeping(file, {"a": 1, "at": 2}, volatile=("at",))


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"\0" * 10])
def test_a_damaged_json_file_is_named_as_such(file: Path, content: bytes) -> None:
    file.parent.mkdir()
    file.write_bytes(content)
    with pytest.raises(Corruption, match=r"file\.json: the file is not the JSON"):
        read_json(file)
    with pytest.raises(Corruption):
        write_json_keeping(file, {"a": 1})
    assert file.read_bytes() == content


@pytest.mark.parametrize("size", [0, 1, (1 << 20) - 1, 1 << 20, (2 << 20) + 1])
def test_a_copy_has_the_hash_of_its_source(tmp_path: Path, size: int) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_bytes(os.urandom(size))
    expected = sha256(source.read_bytes()).hexdigest()
    assert copy_hashed(source, target) == sha256_file(target) == expected
    assert target.stat().st_mode & 0o222 == 0


def test_a_copy_of_nothing_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        copy_hashed(tmp_path / "missing", tmp_path / "target")
    assert list(tmp_path.iterdir()) == []


def test_what_was_read_of_a_draft_is_known_of_the_file_it_becomes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft, final = tmp_path / "draft", tmp_path / "final"
    draft.write_bytes(b"first")
    time.sleep(0.05)
    known = sha256_file(draft)
    publish(draft, final)
    with monkeypatch.context() as patched:
        patched.setattr(atomic, "file_digest", lambda *_: pytest.fail("read again"))
        assert sha256_file(final) == known == sha256(b"first").hexdigest()
    final.write_bytes(b"other")
    assert sha256_file(final) == sha256(b"other").hexdigest()


def test_a_scratch_folder_goes_with_its_read_only_files(tmp_path: Path) -> None:
    (tmp_path / "work" / "deep").mkdir(parents=True)
    (tmp_path / "work" / "deep" / "file").write_text(json.dumps({}))
    (tmp_path / "work" / "deep" / "file").chmod(0o444)
    remove_tree(tmp_path / "work")
    remove_tree(tmp_path / "work")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("many", [3, 100])
def test_a_folder_is_copied_whole_and_read_only(tmp_path: Path, many: int) -> None:
    files = {}
    for rank in range(many):
        path = tmp_path / "from" / f"{rank}"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"%d" % rank)
        files[f"a/{rank % 7}/{rank}"] = path
    copy_folder(files, tmp_path / "to")
    copied = {
        path.relative_to(tmp_path / "to").as_posix(): path for path in (tmp_path / "to").rglob("*") if path.is_file()
    }
    assert {name: path.read_bytes() for name, path in copied.items()} == {
        name: path.read_bytes() for name, path in files.items()
    }
    assert {path.stat().st_mode & 0o777 for path in copied.values()} == {0o444}
