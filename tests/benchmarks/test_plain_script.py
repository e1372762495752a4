"""The baseline counts right: a wrong baseline would make every ratio a lie."""

import io
import json
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
import tiktoken

from benchmarks import plain_script
from moonshine_resources.tokenizer.vocabulary import materialise


@pytest.fixture(scope="module")
def encoding(tmp_path_factory: pytest.TempPathFactory) -> tiktoken.Encoding:
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("vocabulary")
        patch.setenv("TIKTOKEN_CACHE_DIR", str(folder))
        materialise(folder)
        return tiktoken.get_encoding("o200k_base")


def test_counts_of_a_file_written_by_hand(tiny_export: Path, tmp_path: Path, encoding: tiktoken.Encoding) -> None:
    counts = plain_script.run(tiny_export, tmp_path / "out.sqlite")
    assert counts == {
        "conversations": 2,
        "messages": 6,
        "raw_tokens": len(encoding.encode_ordinary(tiny_export.read_text(encoding="utf-8"))),
        # "hello world" 2; "hello\nworld" 3, as thoughts and as parts; "hello" 1
        "content_tokens": 2 + 3 + 1 + 3,
    }
    with sqlite3.connect(tmp_path / "out.sqlite") as connection:
        rows = connection.execute("select id, parent, role, text, tokens from messages").fetchall()
    assert rows == [
        ("n0", "root", "system", "", 0),
        ("n1", "n0", "user", "hello world", 2),
        ("n2", "n1", "assistant", "hello\nworld", 3),
        ("n3", "n2", "assistant", "hello", 1),
        ("n4", "n3", "tool", "", 0),
        ("n5", "n4", "user", "hello\nworld", 3),
    ]


def test_it_runs_as_a_command_without_a_vocabulary_at_hand(tiny_export: Path) -> None:
    said = subprocess.run(
        [sys.executable, "-m", "benchmarks.plain_script", str(tiny_export)],
        cwd=Path(__file__).parents[2],
        env={"PATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    report = json.loads(said.stdout)
    assert (report["conversations"], report["messages"], report["content_tokens"]) == (2, 6, 9)
    assert report["peak_rss_mb"] > 20
    assert report["seconds"] > 0
    assert report["cpu_seconds"] > 0


@pytest.mark.parametrize("size", [1_000, 33_333, 250_000])
def test_slices_have_the_tokens_of_the_whole(two_megabytes: Path, encoding: tiktoken.Encoding, size: int) -> None:
    text = two_megabytes.read_text(encoding="utf-8")[:600_000]
    pieces = list(plain_script.slices(io.StringIO(text), size))
    assert len(pieces) > 1
    assert "".join(pieces) == text
    assert sum(len(encoding.encode_ordinary(piece)) for piece in pieces) == len(encoding.encode_ordinary(text))


def test_text_without_a_place_to_split_stays_whole() -> None:
    assert list(plain_script.slices(io.StringIO("0" * 5_000), 100)) == ["0" * 5_000]
