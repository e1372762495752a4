"""The mash against a model in memory: whatever is merged, exported again, rebuilt, rolled back or broken off."""

from __future__ import annotations

import itertools
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

import duckdb
import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from mash.runs import NOW, merge, publish_run, read, talk
from moonshine_assets.gates import Verdict
from moonshine_assets.mash.gates import mash_integrity, provider_coverage, touched_gates
from moonshine_assets.mash.merge import RunFacts
from moonshine_assets.mash.rollback import rollback_run
from moonshine_resources.duckdb import connect
from moonshine_resources.home import Home

WORDS = ("tea", "coffee please", "two cups of tea", "why", "because it is late")


@dataclass(frozen=True)
class Chat:
    """A conversation as an export has it: its turns, and the day it was changed last."""

    turns: tuple[str, ...]
    day: int

    @property
    def tokens(self) -> int:
        return sum(len(turn.split()) for turn in self.turns)


Export = dict[str, Chat]


def run_id(number: int) -> str:
    """Of the run with this number: later numbers are taken in later."""
    return f"chatgpt_2026{number // 28 + 1:02d}{number % 28 + 1:02d}_120000"


class CrashedInside(Exception):
    """What a merge dies of, at the last moment before its commit."""


class MashMachine(RuleBasedStateMachine):
    """One account whose exports follow each other; `merged` is the model: which run holds which chats."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.home = Home.at(self.folder / "home")
        self.account: Export = {}
        self.day = 0
        self.builds = itertools.count()
        self.exports: dict[str, Export] = {}
        self.facts: dict[str, RunFacts] = {}
        self.merged: dict[str, Export] = {}
        self.builds_merged: dict[str, str] = {}

    def teardown(self) -> None:
        shutil.rmtree(self.folder)

    # What a person does with the account between two exports.

    @rule(turns=st.lists(st.sampled_from(WORDS), min_size=1, max_size=3))
    def begins_a_chat(self, turns: list[str]) -> None:
        self.day += 1
        self.account[f"c{self.day}"] = Chat(tuple(turns), self.day)

    @precondition(lambda self: self.account)
    @rule(data=st.data(), turn=st.sampled_from(WORDS))
    def goes_on(self, data: st.DataObject, turn: str) -> None:
        name = data.draw(st.sampled_from(sorted(self.account)))
        self.day += 1
        self.account[name] = Chat((*self.account[name].turns, turn), self.day)

    @precondition(lambda self: self.account)
    @rule(data=st.data(), turn=st.sampled_from(WORDS))
    def edits(self, data: st.DataObject, turn: str) -> None:
        name = data.draw(st.sampled_from(sorted(self.account)))
        self.day += 1
        self.account[name] = Chat((turn, *self.account[name].turns[1:]), self.day)

    @precondition(lambda self: self.account)
    @rule(data=st.data())
    def deletes(self, data: st.DataObject) -> None:
        del self.account[data.draw(st.sampled_from(sorted(self.account)))]

    # What Moonshine does.

    @precondition(lambda self: len(self.exports) < 50)
    @rule(merges=st.booleans())
    def exports_it(self, merges: bool) -> None:
        run = run_id(len(self.exports))
        self._publish(run, dict(self.account))
        if merges:
            self._merge(run)

    @precondition(lambda self: self.exports)
    @rule(data=st.data())
    def merges_some_run(self, data: st.DataObject) -> None:
        self._merge(data.draw(st.sampled_from(sorted(self.exports))))

    @precondition(lambda self: self.merged)
    @rule(data=st.data())
    def rebuilds(self, data: st.DataObject) -> None:
        """The run is read by another version, which finds one chat less, or a turn more in another."""
        run = data.draw(st.sampled_from(sorted(self.merged)))
        export = dict(self.exports[run])
        if export:
            name = data.draw(st.sampled_from(sorted(export)))
            if data.draw(st.booleans()):
                del export[name]
            else:
                export[name] = Chat((*export[name].turns, "found by another reading"), export[name].day)
        self._publish(run, export)
        self._merge(run)

    @precondition(lambda self: self.merged)
    @rule(data=st.data(), crashes=st.booleans())
    def rolls_back(self, data: st.DataObject, crashes: bool) -> None:
        run = data.draw(st.sampled_from(sorted(self.merged)))

        def gates(mash: duckdb.DuckDBPyConnection) -> list[Verdict]:
            if crashes:
                raise CrashedInside
            return touched_gates(mash, "chatgpt", run, attached=False)

        with connect(self.home.mash, read_only=False) as connection:
            if crashes:
                with pytest.raises(CrashedInside):
                    rollback_run(connection, "chatgpt", run, moment=NOW, reason="test", gates=gates)
                return
            rollback_run(connection, "chatgpt", run, moment=NOW, reason="test", gates=gates)
        del self.merged[run]

    @precondition(lambda self: self.exports)
    @rule(data=st.data())
    def crashes_while_merging(self, data: st.DataObject) -> None:
        def gates(_: duckdb.DuckDBPyConnection) -> list[Verdict]:
            raise CrashedInside

        with pytest.raises(CrashedInside):
            merge(self.home, self.facts[data.draw(st.sampled_from(sorted(self.exports)))], gates=gates)

    # What must hold after each of these.

    @precondition(lambda self: self.merged)
    @invariant()
    def holds_what_the_model_says(self) -> None:
        current = self._current()
        turns = (
            "SELECT conversation_id, any_value(provider_run_id), list(text ORDER BY position)"
            " FROM main.messages GROUP BY conversation_id"
        )
        assert {name: (run, tuple(texts)) for name, run, texts in read(self.home, turns)} == {
            name: (run, self.merged[run][name].turns) for name, run in current.items()
        }
        texts = {turn for export in self.merged.values() for chat in export.values() for turn in chat.turns}
        assert {text for (text,) in read(self.home, "SELECT text FROM store.texts")} == texts
        marks = dict(read(self.home, "SELECT conversation_id, missing_since FROM main.conversations"))
        assert marks == {name: self._missing_since(name) for name in current}

    @precondition(lambda self: self.merged)
    @invariant()
    def tokens_reconcile(self) -> None:
        by_runs = sum(chat.tokens for export in self.merged.values() for chat in export.values())
        superseded = by_runs - sum(self.merged[run][name].tokens for name, run in self._current().items())
        sums = (
            "SELECT (SELECT coalesce(sum(content_tokens_non_system), 0) FROM store.runs),"
            " (SELECT coalesce(sum(content_tokens), 0) FROM store.messages WHERE superseded_by IS NOT NULL),"
            " (SELECT coalesce(sum(content_tokens), 0) FROM main.messages)"
        )
        assert read(self.home, sums) == [(by_runs, superseded, by_runs - superseded)]

    @precondition(lambda self: self.merged)
    @invariant()
    def every_row_keeps_the_rules(self) -> None:
        with connect(self.home.mash, read_only=True) as connection:
            for verdict in (provider_coverage(connection), mash_integrity(connection)):
                assert verdict.passed, verdict

    def _publish(self, run: str, export: Export) -> None:
        place = Home.at(self.folder / f"build-{next(self.builds)}")
        talks = [talk(name, *chat.turns, updated=chat.day) for name, chat in sorted(export.items())]
        self.exports[run], self.facts[run] = export, publish_run(place, talks, run)

    def _merge(self, run: str) -> None:
        def gates(mash: duckdb.DuckDBPyConnection) -> list[Verdict]:
            return touched_gates(mash, "chatgpt", run, attached=True)

        known = run in self.merged and self.builds_merged[run] == self.facts[run].database_sha256
        assert (merge(self.home, self.facts[run], gates=gates).written == 0) is known
        self.merged[run], self.builds_merged[run] = self.exports[run], self.facts[run].database_sha256

    def _current(self) -> dict[str, str]:
        """Which run has the newest version of each chat: by its day, then its turns, then the intake."""
        newest: dict[str, tuple[int, int, str]] = {}
        for run, export in self.merged.items():
            for name, chat in export.items():
                newest[name] = max(newest.get(name, (-1, 0, "")), (chat.day, len(chat.turns), run))
        return {name: run for name, (_, _, run) in newest.items()}

    def _missing_since(self, name: str) -> str | None:
        """The export after the last that has the chat, among those of its account."""
        account = {run for run, export in self.merged.items() if name in export}
        while grown := {
            run
            for run, export in self.merged.items()
            if run not in account and any(export.keys() & self.merged[other].keys() for other in account)
        }:
            account |= grown

        def age(run: str) -> tuple[int, str]:
            shared = [
                chat.day
                for name, chat in self.merged[run].items()
                if any(name in self.merged[other] for other in account - {run})
            ]
            return max(shared, default=-1), run

        ordered = sorted(account, key=age)
        last = max(place for place, run in enumerate(ordered) if name in self.merged[run])
        return ordered[last + 1] if last + 1 < len(ordered) else None


_SETTINGS = settings(
    deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None, print_blob=False
)


def test_a_mash_holds_what_a_model_says() -> None:
    run_state_machine_as_test(MashMachine, settings=settings(_SETTINGS, max_examples=6, stateful_step_count=8))


@pytest.mark.slow
def test_a_mash_holds_what_a_model_says_over_long_histories() -> None:
    run_state_machine_as_test(MashMachine, settings=settings(_SETTINGS, max_examples=150, stateful_step_count=30))
