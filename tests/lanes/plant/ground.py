"""The plant as files, and the files taken the whole way: adapters, run databases, mash, cleaning, slice, lanes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from exporting import write, write_zip
from intake import Intake

from lanes.plant import chatgpt_only, sessions
from lanes.plant.chats import ENGLISH, EVERYWHERE, Chat
from lanes.plant.logs import Session
from lanes.plant.trees import Tree, chatgpt, claude, deepseek
from lanes.plant.truth import Claim, Truth
from lanes.plant.words import Prose
from moonshine_assets.distill.clean import clean
from moonshine_assets.distill.policy import Policy, load
from moonshine_assets.distill.slice import write_slice
from moonshine_assets.lanes.rows import Row
from moonshine_assets.lanes.write import read_rows, write_lane
from moonshine_assets.mash.merge import RunFacts, merge_run
from moonshine_resources.atomic import sha256_file
from moonshine_resources.duckdb import connect
from moonshine_resources.home import Home
from moonshine_resources.tokenizer import TokenCounter

POLICY = load()
DISTILLATION = "main_20260401_120000"
_MOMENT = datetime(2026, 3, 1, 12, tzinfo=UTC)


def _uuid(kind: str, number: int) -> str:
    return f"{kind}{number:06x}-0000-4000-8000-{number:012x}"


def sow(folder: Path, times: int, seed: int = 1) -> tuple[list[Path], Truth]:
    """Export files under `folder` that hold every scenario `times` times, one language a provider; and the truth."""
    truth = Truth()
    prose = {language: Prose(seed, language) for language in ("en", "de", "zh")}
    ratings: chatgpt_only.Ratings = []
    trees: dict[str, list[dict[str, Any]]] = {"chatgpt": [], "claude": [], "deepseek": []}
    number = 0
    for _ in range(times):
        for provider, language in (("chatgpt", "en"), ("claude", "de"), ("deepseek", "zh")):
            for scenario in (*EVERYWHERE, *(ENGLISH if language == "en" else ())):
                number += 1
                tree = Tree(_uuid("aa", number))
                node = (lambda name: str(int(name.rpartition("-")[2]))) if provider == "deepseek" else str
                scenario(Chat(tree, prose[language], truth, language, node))
                trees[provider].append({"chatgpt": chatgpt, "claude": claude, "deepseek": deepseek}[provider](tree))
        for special in chatgpt_only.SCENARIOS:
            number += 1
            tree = Tree(_uuid("bb", number))
            special(Chat(tree, prose["en"], truth, "en", str), ratings)
            trees["chatgpt"].append(chatgpt(tree))
    folder.mkdir(parents=True)
    paths = [
        write_zip(folder / "chatgpt.zip", {"conversations.json": trees["chatgpt"], "message_feedback.json": ratings}),
        write_zip(folder / "claude.zip", {"conversations.json": trees["claude"]}),
        write_zip(folder / "deepseek.zip", {"conversations.json": trees["deepseek"]}),
        _logs(folder / "projects", times, prose["en"], truth),
    ]
    return paths, truth


def _logs(folder: Path, times: int, prose: Prose, truth: Truth) -> Path:
    """Sessions, one of them resumed: what the resumed one repeats is the first one's; and a sub-agent's."""
    number = 0
    for _ in range(times):
        for scenario in sessions.SCENARIOS:
            number += 1
            _write(folder, scenario(_uuid("cc", number), prose, truth))
        number += 1
        first = sessions.passes_at_once(_uuid("cc", number), prose, truth)
        _write(folder, first)
        resumed = first.resumed(_uuid("dd", number))
        resumed.ask(prose.question())
        resumed.say(prose.answer())
        _write(folder, resumed)
        agent = Session(f"{first.name}-agent")
        agent.ask(prose.question())
        agent.say(prose.answer())
        write(folder / "-srv-planted" / first.name / "subagents" / "agent-a1.jsonl", agent.agent("a1").lines())
    return folder


def _write(folder: Path, session: Session) -> None:
    write(folder / "-srv-planted" / f"{session.name}.jsonl", session.lines())


def grow(home: Home, paths: list[Path], counter: TokenCounter, policy: Policy = POLICY) -> None:
    """The files through every step of the graph to written lanes; gates that are not about lanes are not asked."""
    intake = Intake(home, counter.count_many)
    for rank, path in enumerate(paths):
        run = intake.published(path, _MOMENT + timedelta(days=rank))
        facts = RunFacts(run.run_id, run.provider, run.database, sha256_file(run.database), 1, 1)
        home.mash.parent.mkdir(parents=True, exist_ok=True)
        with connect(home.mash, read_only=False) as connection:
            merge_run(connection, facts, moment=_MOMENT, reason="plant", gates=lambda _: [])
    distil(home, counter, policy)


def distil(home: Home, counter: TokenCounter, policy: Policy = POLICY, run_id: str = DISTILLATION) -> None:
    with connect(home.mash, read_only=False) as connection:
        clean(connection, policy, counter)
        report = write_slice(connection, policy, run_id)
    for lane, result in report.lanes.items():
        write_lane(home, lane, run_id, policy, result)


def rows(home: Home, lane: str, run_id: str = DISTILLATION) -> Iterator[Row]:
    return read_rows(home.lane(lane, run_id), tier=None)


def claims(home: Home, lane: str) -> set[Claim]:
    """What the rows of a lane claim, in the terms of `Truth.claims`."""
    return {_claim(lane, row) for row in rows(home, lane)}


def _claim(lane: str, row: Row) -> Claim:
    conversation, nodes = row["conversation_id"], row["node_ids"]
    if lane == "dpo":
        return conversation, nodes[-2], nodes[-1], row["signal"]
    if lane == "kto":
        return conversation, nodes[-1], row["signal"]
    if lane == "grpo":
        return conversation, nodes[len(row["prompt"]) - 1], row["tier"]
    return (conversation, row["outcome"]) if lane == "agentic_code" else (conversation,)


def text_of(row: Row) -> str:
    """Everything a trainer could read of a row."""
    return json.dumps(row, ensure_ascii=False)
