"""From real archives: what waits, what is bounded, what a new session is told in the end, and the commands."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from moonshine_assets.cli.moon import main
from moonshine_assets.sessions.archive import archive_session
from moonshine_assets.sessions.continuity import claim
from moonshine_assets.sessions.contracts import ArchiveRecord
from moonshine_assets.sessions.distillation.archived import open_archive
from moonshine_assets.sessions.distillation.pending import distill_pending, pending
from moonshine_assets.sessions.settings import Distill, Settings
from moonshine_resources.home import Home
from tests.sessions.distillation.archives import NOW, SESSION, line, shop
from tests.sessions.logs import reading, write

NEXT = "66666666-6666-4666-8666-666666666666"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home.at(tmp_path / "home")


def archived(
    home: Home, folder: Path, session: str = SESSION, more: list[dict[str, object]] | None = None
) -> ArchiveRecord:
    log = write(folder / "projects" / "-srv-shop" / f"{session}.jsonl", [*shop(session), *(more or [])])
    one = reading(0.9, provider="claude_code", session_id=session, source_path=str(log))
    return archive_session(home, Settings(), one, NOW)


def test_what_was_archived_is_distilled_once_and_again_when_it_grew(home: Home, tmp_path: Path) -> None:
    first = archived(home, tmp_path)
    assert pending(home, Settings()) == [first]
    (done,) = distill_pending(home, Settings(), {}, NOW)
    assert done.error is None
    assert pending(home, Settings()) == []
    told = line("user", "9" * 8, "Always answer in French.", "00000008-0000-4000-8000-000000000000", 30)
    grown = archived(home, tmp_path, more=[told])
    assert pending(home, Settings()) == [grown]


def test_a_cycle_takes_no_more_than_it_may(home: Home, tmp_path: Path) -> None:
    for number in range(3):
        archived(home, tmp_path, f"{number}" * 8 + SESSION[8:])
    assert len(list(distill_pending(home, Settings(distill=Distill(max_per_cycle=2)), {}, NOW))) == 2
    assert len(pending(home, Settings())) == 1


def test_a_damaged_archive_is_told_and_the_others_go_on(home: Home, tmp_path: Path) -> None:
    bad, good = archived(home, tmp_path), archived(home, tmp_path, NEXT)
    for segment in (home.root / bad.archive_path).rglob("*.zst"):
        segment.chmod(0o644)
        segment.write_bytes(b"damaged")
    done = {one.record.session_id: one for one in distill_pending(home, Settings(), {}, NOW, [bad, good])}
    assert done[SESSION].distillation is None
    assert "cannot be unpacked" in str(done[SESSION].error)
    assert done[NEXT].distillation is not None


def test_what_is_told_cites_messages_of_the_archive(home: Home, tmp_path: Path) -> None:
    record = archived(home, tmp_path)
    list(distill_pending(home, Settings(), {}, NOW))
    claimed = claim(home, "claude_code", "/srv/shop", NEXT, valid_secs=60, now=NOW)
    assert claimed is not None
    said = {message.message_id: message.evidence for message in open_archive(home, record).messages}
    assert len(claimed.map.key_decisions) == 8
    for decision in claimed.map.key_decisions:
        assert decision.statement in "\n".join(said[one] for one in decision.message_ids)
    assert claimed.map.daily_memory_refs
    assert all((home.root / ref).exists() for ref in (*claimed.map.archive_refs, *claimed.map.daily_memory_refs))


def test_the_commands(home: Home, tmp_path: Path) -> None:
    archived(home, tmp_path)
    run = CliRunner()
    at = ["--home", str(home.root)]
    first = run.invoke(main, ["distill", *at, "--json"])
    assert first.exit_code == 0
    (row,) = json.loads(first.output)["distilled"]
    assert (row["session"], row["by"]) == (f"claude_code:{SESSION}", "local")
    assert json.loads(run.invoke(main, ["distill", *at, "--json"]).output)["distilled"] == []
    named = run.invoke(main, ["distill", SESSION[:6], *at, "--json"])
    assert json.loads(named.output)["distilled"] == [row]
    wrong = run.invoke(main, ["distill", "nobody", *at])
    assert (wrong.exit_code, "no archive of 'nobody'" in wrong.stderr) == (2, True)
    assert (
        json.loads(run.invoke(main, ["distill", "--mode", "syns", *at, "--json"]).output)["outcome"] == "nothing_said"
    )
    assert json.loads(run.invoke(main, ["chain", NEXT, *at, "--json"]).output)["chain"] == []
    claim(home, "claude_code", "/srv/shop", NEXT, valid_secs=10**9, now=NOW)
    (link,) = json.loads(run.invoke(main, ["chain", NEXT, *at, "--json"]).output)["chain"]
    assert link["source_session_id"] == SESSION
