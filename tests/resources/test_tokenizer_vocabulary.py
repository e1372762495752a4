"""The vocabulary comes from the package alone, and a wrong file is refused and left as it is."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tiktoken_ext import openai_public

from moonshine_assets.errors import VocabularyError
from moonshine_resources.tokenizer import load, vocabulary
from moonshine_resources.tokenizer.vocabulary import CACHE_NAME, VOCABULARY_SHA256, materialise

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _environment_is_put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", "")


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_file_is_written_byte_for_byte_and_announced_to_child_processes(tmp_path: Path) -> None:
    path = materialise(tmp_path / "new" / "folder")
    content = path.read_bytes()
    assert path == tmp_path / "new" / "folder" / CACHE_NAME
    assert (len(content), hashlib.sha256(content).hexdigest()) == (3_613_922, VOCABULARY_SHA256)
    assert os.environ["TIKTOKEN_CACHE_DIR"] == str(path.parent)
    assert names(path.parent) == [CACHE_NAME]


def test_tiktoken_asks_for_this_name_and_this_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, str]] = []

    def note(address: str, expected_hash: str) -> dict[bytes, int]:
        asked.append((hashlib.sha1(address.encode()).hexdigest(), expected_hash))
        return {}

    monkeypatch.setattr(openai_public, "load_tiktoken_bpe", note)
    openai_public.o200k_base()
    assert asked == [(CACHE_NAME, VOCABULARY_SHA256)]


def test_a_good_file_in_a_read_only_folder_is_used_as_it_is(tmp_path: Path) -> None:
    path = materialise(tmp_path)
    before = path.stat()
    path.chmod(0o444)
    tmp_path.chmod(0o555)
    try:
        assert load(tmp_path).count("hello world") == 2
    finally:
        tmp_path.chmod(0o755)
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


@pytest.mark.parametrize("wrong", [b"", b"IQ== 0\n", b"x" * 3_613_922])
def test_a_wrong_file_is_refused_and_left_untouched(tmp_path: Path, wrong: bytes) -> None:
    path = tmp_path / CACHE_NAME
    path.write_bytes(wrong)
    before = path.stat()
    for _ in range(2):
        with pytest.raises(VocabularyError) as refused:
            load(tmp_path)
    message = str(refused.value)
    assert str(path) in message
    assert VOCABULARY_SHA256 in message
    assert hashlib.sha256(wrong).hexdigest() in message
    assert "move it away" in message
    assert path.read_bytes() == wrong
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert names(tmp_path) == [CACHE_NAME]


def test_a_wrong_file_is_never_announced_to_tiktoken(tmp_path: Path) -> None:
    (tmp_path / CACHE_NAME).write_bytes(b"wrong")
    with pytest.raises(VocabularyError):
        materialise(tmp_path)
    assert os.environ["TIKTOKEN_CACHE_DIR"] == ""


def test_after_a_wrong_file_is_moved_away_the_right_one_is_written(tmp_path: Path) -> None:
    path = tmp_path / CACHE_NAME
    path.write_bytes(b"wrong")
    with pytest.raises(VocabularyError):
        load(tmp_path)
    path.rename(tmp_path / "aside")
    assert load(tmp_path).count("hello world") == 2


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(VocabularyError, match="writable") as refused:
        materialise(tmp_path / "file" / "cache")
    assert refused.value.where == str(tmp_path / "file" / "cache" / CACHE_NAME)


@pytest.mark.parametrize("damage", ["cut short", "other content"])
def test_a_damaged_package_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: str) -> None:
    packaged = Path(vocabulary.__file__).with_name(vocabulary.PACKAGED_NAME).read_bytes()
    content = packaged[:5000] if damage == "cut short" else vocabulary.lzma.compress(b"IQ== 0\n")
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / vocabulary.PACKAGED_NAME).write_bytes(content)
    monkeypatch.setattr(vocabulary.resources, "files", lambda _: tmp_path / "package")
    with pytest.raises(VocabularyError, match="reinstall"):
        materialise(tmp_path / "cache")
    assert not (tmp_path / "cache").exists()


def test_processes_that_write_at_once_leave_one_good_file(tmp_path: Path) -> None:
    script = (
        "import sys, pathlib\n"
        "from moonshine_resources.tokenizer.vocabulary import materialise\n"
        "print('ready', flush=True)\n"
        "sys.stdin.read(1)\n"
        "materialise(pathlib.Path(sys.argv[1]))\n"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", script, str(tmp_path / "cache")],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("!")
        process.stdin.flush()
    for process in processes:
        process.communicate()
    assert [process.returncode for process in processes] == [0, 0, 0]
    assert names(tmp_path / "cache") == [CACHE_NAME]
    assert hashlib.sha256((tmp_path / "cache" / CACHE_NAME).read_bytes()).hexdigest() == VOCABULARY_SHA256


def network_cut_off() -> list[str]:
    """Command prefix that starts a process without a network, empty where the system does not allow it."""
    try:
        allowed = subprocess.run(["unshare", "-n", "true"], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return []
    return ["unshare", "-n"] if allowed else []


def test_a_fresh_folder_counts_without_a_network_and_so_does_a_child_process(tmp_path: Path) -> None:
    refuse = (
        "import socket\n"
        "def refuse(*_):\n"
        "    raise AssertionError('the network was used')\n"
        "socket.socket.connect = socket.socket.connect_ex = socket.getaddrinfo = refuse\n"
    )
    child = refuse + "import tiktoken\nprint(len(tiktoken.get_encoding('o200k_base').encode('hello world')))\n"
    parent = refuse + (
        "import pathlib, subprocess, sys\n"
        "from moonshine_resources.tokenizer import load\n"
        "counter = load(pathlib.Path(sys.argv[1]))\n"
        "print(counter.count('hello world'), counter.reference('hello world'), flush=True)\n"
        "subprocess.run([sys.executable, '-c', sys.argv[2]], check=True)\n"
    )
    environment = {name: value for name, value in os.environ.items() if name != "TIKTOKEN_CACHE_DIR"}
    done = subprocess.run(
        [*network_cut_off(), sys.executable, "-c", parent, str(tmp_path / "cache"), child],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout.split(), done.stderr) == (["2", "2", "2"], "")
