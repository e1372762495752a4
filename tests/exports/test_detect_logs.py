"""Which folders are one agent's log, and which stand for what is in them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from exporting import chatgpt, write, write_zip

from moonshine_assets.cli.take_in import sources
from moonshine_assets.errors import BadInput
from moonshine_assets.exports.container import opened
from moonshine_assets.exports.detect import Detection, detect
from moonshine_resources.home import Home

LOGS = Path(__file__).parents[1] / "fixtures" / "logs"
SESSION = "11111111-1111-4111-8111-111111111111.jsonl"


def copied(name: str, target: Path) -> Path:
    target.parent.mkdir(parents=True, exist_ok=True)
    source = LOGS / name
    return Path(shutil.copytree(source, target) if source.is_dir() else shutil.copy(source, target))


def given(home: Home, folder: Path) -> list[str]:
    return [path.relative_to(folder.parent).as_posix() for path in sources(home, (folder,))]


def detected(path: Path) -> Detection:
    with opened(path) as container:
        return detect(container, path.parent / "work")


def test_the_folder_of_one_agent_is_one_export(home: Home, tmp_path: Path) -> None:
    copied("claude_code/everything.jsonl", tmp_path / "projects" / "-srv-a" / SESSION)
    copied("claude_code/titles.jsonl", tmp_path / "projects" / "-srv-b" / SESSION)
    assert given(home, tmp_path / "projects") == ["projects"]


def test_a_folder_with_logs_of_several_agents_stands_for_what_is_in_it(home: Home, tmp_path: Path) -> None:
    copied("claude_code/everything.jsonl", tmp_path / "logs" / "claude" / SESSION)
    copied("codex/tools.jsonl", tmp_path / "logs" / "codex" / "rollout-2026.jsonl")
    assert given(home, tmp_path / "logs") == ["logs/claude", "logs/codex"]


def test_a_log_beside_a_zip_is_taken_by_itself(home: Home, tmp_path: Path) -> None:
    copied("claude_code/everything.jsonl", tmp_path / "downloads" / SESSION)
    write_zip(tmp_path / "downloads" / "export.zip", {"conversations.json": [chatgpt("first")]})
    assert given(home, tmp_path / "downloads") == [f"downloads/{SESSION}", "downloads/export.zip"]


def test_sessions_of_any_name_are_found_in_a_folder(tmp_path: Path) -> None:
    copied("gemini_cli/one-object.json", tmp_path / "kept" / "of june.json")
    copied("gemini_cli/rewind.jsonl", tmp_path / "kept" / "of july.jsonl")
    write(tmp_path / "kept" / "notes.txt", b"not looked at")
    found = detected(tmp_path / "kept")
    assert (found.provider, sorted(found.members)) == ("gemini_cli", ["of july.jsonl", "of june.json"])


def test_sessions_of_pi_and_openclaw_in_one_folder_are_read_as_one_log(tmp_path: Path) -> None:
    copied("openclaw/turn-with-tools.jsonl", tmp_path / "sessions" / "a.jsonl")
    copied("pi/linear-v1.jsonl", tmp_path / "sessions" / "b.jsonl")
    found = detected(tmp_path / "sessions")
    assert (found.provider, sorted(found.members)) == ("openclaw", ["a.jsonl", "b.jsonl"])


def test_a_file_that_bears_the_name_of_a_session_is_read_even_if_it_is_damaged(tmp_path: Path) -> None:
    copied("claude_code/everything.jsonl", tmp_path / "projects" / "k" / SESSION)
    write(tmp_path / "projects" / "k" / f"2{SESSION[1:]}", b"\x00\x01 nothing of a session")
    assert len(detected(tmp_path / "projects").members) == 2


def test_a_first_line_longer_than_what_is_looked_at_first_hides_nothing(tmp_path: Path) -> None:
    session = (LOGS / "codex" / "tools.jsonl").read_bytes()
    long = b'{"timestamp":"2026-01-01T00:00:00.000Z","type":"event_msg","payload":{"type":"x","text":"%s"}}\n'
    path = write(tmp_path / "rollout.jsonl", long % (b"x" * 200_000) + session)
    assert detected(path).provider == "codex"


@pytest.mark.parametrize("provider", ["claude_code", "codex", "gemini_cli", "openclaw", "pi", "qwen_code"])
def test_one_session_file_is_told_by_its_lines_whatever_it_is_called(tmp_path: Path, provider: str) -> None:
    found = detected(copied(f"{provider}/everything.jsonl", tmp_path / "file"))
    assert (found.provider, found.members) == (provider, ["file"])
    assert found.claim.reason


def test_a_database_of_something_else_is_nobodys(tmp_path: Path) -> None:
    (database,) = (LOGS / "openclaw" / "sqlite-of-another-kind").rglob("*.sqlite")
    with pytest.raises(BadInput):
        detected(Path(shutil.copy(database, tmp_path / "openclaw-agent.sqlite")))
