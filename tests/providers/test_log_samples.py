"""Real and hand-made agent logs kept outside the project: every line of each accounted for, in nodes and in tokens.

Over whatever lies in `../shared/samples`; a clone without that folder has no cases here. What each of them holds is
compared in test_public_samples.py.
"""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import NamedTuple

import pytest
from intake import Intake, query

from moonshine_assets.errors import BadInput
from moonshine_resources.home import PROJECT_ROOT
from moonshine_resources.tokenizer import TokenCounter

SAMPLES = PROJECT_ROOT.parent / "shared" / "samples"
FOLDERS = ("claude_code", "codex", "openclaw", "gemini_cli", "opencode")
_LINES = re.compile(r"\((\d+) lines\)")
#: Logs without any text, in part by their nature (a lone part of a message), in part by how they were shortened.
NO_TEXT = re.compile(
    r".*(?:a95fea4a-b88a-4e49-ac07-4cc323d8700c|codex_050_legacy|codex_051_usage|codex_052_raw|ccusage__session-alpha"
    r"|storage_(?:legacy|v2)~(?:message|session)~.*|storage_v2~part~m_(?:user_large.*|assistant_large.*|assistant_small~001))\.jsonl?"
)
WITHOUT_TEXT = ("no text at all", "none of its conversations could be read")
#: Files that are no logs of these agents, or no sessions: indexes, journals, other clients' forms.
NO_LOG = re.compile(
    r".*(?:journal\.jsonl|session_simple\.jsonl|sessions\.json|gemini_cli/.*schema_drift\.json|storage_v2~migration"
    r"|storage_legacy~part~.*|part~m_user_small~001\.json|m_assistant_small~002\.json)"
)
#: Sessions of OpenClaw among the captures of its programs.
CAPTURED = ("fixture_session.jsonl", "oc7_session.jsonl", "oc_sqlite_events_decoded.jsonl")


class Sample(NamedTuple):
    name: str
    provider: str
    lines: int | None


def samples() -> list[Sample]:
    index = SAMPLES / "INDEX.tsv"
    if not index.exists():
        return []
    with index.open(encoding="utf-8") as stream:
        listed = list(csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE))
    found = []
    for row in listed:
        if row["provider"] in FOLDERS and (SAMPLES / row["file"]).exists():
            stated = _LINES.search(row["messages"] or "")
            provider = "pi" if re.search(r"\bpi (?:session|v\d)", str(row)) else row["provider"]
            found.append(Sample(row["file"], provider, int(stated[1]) if stated else None))
    return found + [Sample(f"moon/{name}", "openclaw", None) for name in CAPTURED]


@pytest.mark.parametrize("sample", samples(), ids=lambda sample: sample.name)
def test_every_line_of_a_log_is_accounted_for(intake: Intake, counter: TokenCounter, sample: Sample) -> None:
    intake.count_many = counter.count_many
    path = SAMPLES / sample.name
    if NO_LOG.fullmatch(sample.name) or NO_TEXT.fullmatch(sample.name):
        with pytest.raises(BadInput) as refusal:
            intake.drafted(path)
        assert any(words in str(refusal.value) for words in WITHOUT_TEXT) is bool(NO_TEXT.fullmatch(sample.name))
        return
    run = intake.published(path)
    assert run.provider == sample.provider
    ((nodes, size),) = query(
        run.database, "SELECT sum(nodes_in - nodes_quarantined), sum(bytes_total) FROM store.receipts"
    )
    assert size == path.stat().st_size
    if sample.lines is not None:
        # the index counts the lines that parse
        assert nodes == sample.lines
    verdict = intake.ledger_verdict(run, intake.ledger(run, counter), counter)
    assert verdict.passed, verdict.offenders


@pytest.mark.parametrize(
    "generation", ["storage_legacy", "storage_v2"] if (SAMPLES / "opencode").is_dir() else [], ids=str
)
def test_the_files_of_a_storage_folder_make_its_sessions(intake: Intake, tmp_path: Path, generation: str) -> None:
    for path in (SAMPLES / "opencode").glob(f"*__{generation}~*"):
        target = tmp_path / "log" / path.name.rpartition("__")[2].replace("~", "/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    run = intake.published(tmp_path / "log")
    assert run.provider == "opencode"
    sessions = len(list((tmp_path / "log" / generation / "session").rglob("ses_*.json")))
    assert query(run.database, "SELECT count(*) FROM conversations WHERE message_count > 0") == [(sessions,)]
