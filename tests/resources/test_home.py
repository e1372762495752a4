"""The data home: contracted names, and no run id that could leave it."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moonshine_assets.errors import BadInput
from moonshine_resources.home import Home, default_root, provider_of

RUN = "chatgpt_20260131_235959"


@pytest.mark.parametrize(
    ("run_id", "provider"),
    [
        (RUN, "chatgpt"),
        ("claude_code_20260131_235959", "claude_code"),
        ("chatgpt_20260131_235959_2", "chatgpt"),
        ("claude_code_20260131_235959_17", "claude_code"),
    ],
)
def test_the_provider_stands_in_the_run_id(run_id: str, provider: str) -> None:
    assert provider_of(run_id) == provider
    assert Home(Path("/h")).run(run_id).reports == Path("/h/reports/providers") / provider / run_id


@pytest.mark.parametrize(
    "run_id",
    [
        "",
        ".",
        "..",
        "../x",
        "/etc/passwd",
        f"../{RUN}",
        f"{RUN}/..",
        f"{RUN}/../../x",
        f"{RUN}\n",
        f"{RUN}\0",
        f" {RUN}",
        f"{RUN}_",
        f"{RUN}_x",
        "ChatGPT_20260131_235959",
        "_20260131_235959",
        "chatgpt_20260131",
        "chatgpt_\u0662\u0660260131_235959",
        "chatgpt-20260131-235959",
        "chat/gpt_20260131_235959",
        "..chatgpt_20260131_235959",
    ],
)
def test_what_is_no_run_id_is_refused_before_it_becomes_a_path(run_id: str) -> None:
    home = Home(Path("/h"))
    for ask in (provider_of, home.run, home.premerge_snapshot):
        with pytest.raises(BadInput, match="is not a run id"):
            ask(run_id)


@given(
    st.text(alphabet="/.\\_\0\n az09", max_size=40) | st.from_regex(r"[a-z_]{1,9}_\d{8}_\d{6}(_\d)?", fullmatch=True)
)
def test_no_run_id_leads_out_of_the_home(run_id: str) -> None:
    home = Home(Path("/h"))
    try:
        run = home.run(run_id)
    except BadInput:
        return
    for path in (run.reports, run.archive, run.work, run.database, run.database_draft, home.premerge_snapshot(run_id)):
        assert path.parts[:2] == ("/", "h")
        assert ".." not in path.parts
        assert run_id in path.parts


def test_the_names_of_a_run_are_those_agreed(tmp_path: Path) -> None:
    run = Home(tmp_path).run(RUN)
    reports = f"reports/providers/chatgpt/{RUN}"
    assert [path.relative_to(tmp_path).as_posix() for path in (run.database, run.ledger, run.provenance, run.lock)] == [
        f"{reports}/moonshine_chatgpt_{RUN}.db",
        f"{reports}/token_ledger.chatgpt.{RUN}.json",
        f"{reports}/provenance_manifest.json",
        f"{reports}/source_lock.json",
    ]
    assert run.archive == tmp_path / "archive" / "chatgpt" / RUN
    assert run.database_draft.parent == run.database.parent, "a draft becomes final by rename"
    assert run.database_draft.name.startswith(".")


def test_the_names_of_the_home_are_those_agreed(tmp_path: Path) -> None:
    home = Home(tmp_path)
    agreed = {
        "inbox": "exports",
        "mash": "reports/main/moonshine_mash_active.db",
        "main_ledger": "reports/main/token_ledger.main.json",
        "merge_manifest": "reports/main/merge_manifest.main.json",
        "authority_manifest": "reports/main/reports_authority_manifest.json",
        "reconciliation": "reports/main/token_reconciliation.json",
        "token_ledger": "reports/token_ledger.json",
        "validation_manifest": "reports/validation_manifest.json",
        "validation_report": "reports/validation_report.md",
        "distillation_manifest": "reports/moonshine_distillation_manifest.json",
        "corpus_report": "reports/moonshine_corpus_report.md",
        "visuals": "reports/visuals",
        "handoff": "reports/handoff",
    }
    assert {name: getattr(home, name).relative_to(tmp_path).as_posix() for name in agreed} == agreed
    assert home.premerge_snapshot(RUN) == tmp_path / "archive" / "main" / RUN / "moonshine_mash_premerge.db"


def test_asking_for_a_path_creates_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TIKTOKEN_CACHE_DIR", raising=False)
    home = Home(tmp_path)
    for name, value in inspect.getmembers(Home):
        if isinstance(value, property):
            assert getattr(home, name).is_relative_to(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_environment_names_the_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MOONSHINE_HOME", str(tmp_path / "elsewhere"))
    assert Home.at().root == tmp_path / "elsewhere"
    assert Home.at(tmp_path / "given").root == tmp_path / "given", "a home that is given wins"
    monkeypatch.delenv("MOONSHINE_HOME")
    assert default_root().name == "data"


def test_a_relative_home_is_made_absolute(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert Home.at("here").root == tmp_path / "here"
