"""A home against a model in memory: exported again, edited, rolled back, forgotten, broken off at any step."""

from __future__ import annotations

import itertools
import json
import shutil
import tempfile
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import hypothesis.strategies as st
import pytest
from exporting import chatgpt, write
from hypothesis import HealthCheck, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from intake import query
from mash.runs import quick_gates

from forget.children import WORDS
from forget.homes import MOMENT, counted, merge_again, said
from moonshine_assets.errors import BadInput
from moonshine_assets.exports.forgotten import Conversation, entries
from moonshine_assets.forget.forget import begin, carry_out, plan, prove
from moonshine_assets.forget.intent import pending
from moonshine_assets.forget.needles import ID, Needle
from moonshine_assets.forget.search import search
from moonshine_assets.gates import require
from moonshine_assets.mash.forgotten import nothing_forgotten
from moonshine_assets.mash.rollback import rollback_run
from moonshine_resources import progress
from moonshine_resources.atomic import read_json
from moonshine_resources.duckdb import connect
from moonshine_resources.home import Home

TURNS = ("tea by the lantern tonight", "coffee in the harbour", "two cups of it", "why the long rope", "it is late")


@dataclass(frozen=True)
class Chat:
    """A conversation as an export has it: its turns, and the day it was changed last."""

    turns: tuple[str, ...]
    day: int

    @property
    def tokens(self) -> int:
        return sum(len(turn.split()) for turn in self.turns)


class BrokenOff(BaseException):
    """What a command dies of; nothing that handles errors may catch it."""


class ForgetMachine(RuleBasedStateMachine):
    """One account; the model is which run holds which chats, and which chats were forgotten."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.home = Home.at(self.folder / "home")
        self.account: dict[str, Chat] = {}
        self.day = 0
        self.numbers = itertools.count()
        self.exports: dict[str, dict[str, Chat]] = {}
        self.files: dict[str, Path] = {}
        self.merged: set[str] = set()
        self.forgotten: set[str] = set()

    def teardown(self) -> None:
        shutil.rmtree(self.folder)

    @initialize(dies_at=st.integers(0, 25))
    def one_of_two_chats_is_forgotten(self, dies_at: int) -> None:
        self.begins_a_chat([TURNS[0], TURNS[1]])
        self.begins_a_chat([TURNS[0], TURNS[2]])
        self.is_exported_and_merged()
        self._forget(sorted(self.account)[0], dies_at)

    @rule(turns=st.lists(st.sampled_from(TURNS), min_size=1, max_size=3))
    def begins_a_chat(self, turns: list[str]) -> None:
        self.day += 1
        self.account[f"chat-{self.day:08d}"] = Chat(tuple(turns), self.day)

    @precondition(lambda self: self.account)
    @rule(data=st.data(), turn=st.sampled_from(TURNS), edits=st.booleans())
    def goes_on_or_is_edited(self, data: st.DataObject, turn: str, edits: bool) -> None:
        name = data.draw(st.sampled_from(sorted(self.account)))
        self.day += 1
        turns = self.account[name].turns
        self.account[name] = Chat((turn, *turns[1:]) if edits else (*turns, turn), self.day)

    @precondition(lambda self: self.account)
    @rule(data=st.data())
    def is_deleted_at_the_provider(self, data: st.DataObject) -> None:
        del self.account[data.draw(st.sampled_from(sorted(self.account)))]

    @precondition(lambda self: self.account and len(self.exports) < 8)
    @rule()
    def is_exported_and_merged(self) -> None:
        number = next(self.numbers)
        talks = [
            chatgpt(name, chat.turns, updated=1.7e9 + chat.day * 86_400) for name, chat in sorted(self.account.items())
        ]
        # Blanks at the end make each export another file.
        file = write(self.folder / f"export-{number}.json", json.dumps(talks).encode() + b" " * number)
        self._complete()
        moment = MOMENT + timedelta(days=number)
        left = self.account.keys() - self.forgotten
        try:
            run = counted(self.home, file, WORDS, moment)
        except BadInput as refusal:
            assert not left, refusal
            return
        merge_again(self.home, run, moment)
        self.exports[run.run_id], self.files[run.run_id] = dict(self.account), file
        self.merged.add(run.run_id)

    @precondition(lambda self: self.exports)
    @rule(data=st.data())
    def an_export_is_given_again(self, data: st.DataObject) -> None:
        run_id = data.draw(st.sampled_from(sorted(self.exports)))
        self._complete()
        run = counted(self.home, self.files[run_id], WORDS)
        assert run.run_id == run_id, "the same bytes are the same run"
        written = merge_again(self.home, run)
        assert (written == 0) is (run_id in self.merged)
        self.merged.add(run_id)

    @precondition(lambda self: self.merged)
    @rule(data=st.data())
    def is_rolled_back(self, data: st.DataObject) -> None:
        run_id = data.draw(st.sampled_from(sorted(self.merged)))
        self._complete()
        with connect(self.home.mash, read_only=False) as connection:
            rollback_run(connection, "chatgpt", run_id, moment=MOMENT, reason="test", gates=quick_gates)
        self.merged.remove(run_id)

    @precondition(lambda self: self._known())
    @rule(data=st.data(), dies_at=st.none() | st.integers(0, 25))
    def is_forgotten(self, data: st.DataObject, dies_at: int | None) -> None:
        self._forget(data.draw(st.sampled_from(sorted(self._known()))), dies_at)

    def _forget(self, name: str, dies_at: int | None) -> None:
        self._complete()
        self.forgotten.add(name)
        for run_id in [run for run, export in self.exports.items() if not export.keys() - self.forgotten]:
            del self.exports[run_id]
            self.merged.discard(run_id)
        steps = itertools.count()

        def listen(_: str, __: int, ___: int) -> None:
            if next(steps) == dies_at:
                raise BrokenOff

        begin(self.home, plan(self.home, [Conversation("chatgpt", name)]), reason="test", moment=MOMENT)
        try:
            with progress.listening(listen):
                self._carry_out()
        except BrokenOff:
            return
        self._proved(name)

    @invariant()
    def the_mash_opens_and_holds_what_the_model_says(self) -> None:
        if not self.home.mash.exists():
            return
        if pending(self.home) is not None:
            # Before or after: whoever asks meanwhile finds a whole mash.
            with connect(self.home.mash, read_only=True) as connection:
                require(quick_gates(connection), where="mash")
            self._complete()
        current = self._current()
        assert said(self.home) == {name: self.exports[run][name].turns for name, run in current.items()}
        texts = {turn for run in self.merged for name, chat in self._left(run).items() for turn in chat.turns}
        assert {text for (text,) in query(self.home.mash, "SELECT text FROM store.texts")} == texts
        with connect(self.home.mash, read_only=True) as connection:
            require([*quick_gates(connection), nothing_forgotten(connection, entries(self.home))], where="mash")

    @invariant()
    def tokens_reconcile(self) -> None:
        if not self.home.mash.exists() or pending(self.home) is not None:
            return
        by_runs = {run: sum(chat.tokens for chat in self._left(run).values()) for run in self.merged}
        assert {run: read_json(self.home.run(run).ledger)["content_tokens_non_system"] for run in by_runs} == by_runs
        superseded = sum(by_runs.values()) - sum(
            self.exports[run][name].tokens for name, run in self._current().items()
        )
        sums = (
            "SELECT (SELECT coalesce(sum(content_tokens_non_system), 0) FROM store.runs),"
            " (SELECT coalesce(sum(content_tokens), 0) FROM store.messages WHERE superseded_by IS NOT NULL)"
        )
        assert query(self.home.mash, sums) == [(sum(by_runs.values()), superseded)]

    def _carry_out(self) -> None:
        intent = pending(self.home)
        assert intent is not None
        carry_out(self.home, intent, WORDS)
        places, _ = prove(self.home, intent)
        assert places == []

    def _complete(self) -> None:
        """What the next command that writes does first."""
        if pending(self.home) is not None:
            self._carry_out()

    def _proved(self, name: str) -> None:
        assert search(self.home, [Needle(ID, name)]) == []

    def _known(self) -> set[str]:
        return {name for export in self.exports.values() for name in export} - self.forgotten

    def _left(self, run: str) -> dict[str, Chat]:
        return {name: chat for name, chat in self.exports[run].items() if name not in self.forgotten}

    def _current(self) -> dict[str, str]:
        """Which run has the newest version of each chat: by its day, then its turns, then the intake."""
        newest: dict[str, tuple[int, int, str]] = {}
        for run in self.merged:
            for name, chat in self._left(run).items():
                newest[name] = max(newest.get(name, (-1, 0, "")), (chat.day, len(chat.turns), run))
        return {name: run for name, (_, _, run) in newest.items()}


_SETTINGS = settings(
    deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None, print_blob=False
)


def test_a_home_holds_what_a_model_says_whatever_is_forgotten() -> None:
    run_state_machine_as_test(ForgetMachine, settings=settings(_SETTINGS, max_examples=1, stateful_step_count=6))


@pytest.mark.slow
def test_a_home_holds_what_a_model_says_over_long_histories() -> None:
    run_state_machine_as_test(ForgetMachine, settings=settings(_SETTINGS, max_examples=60, stateful_step_count=25))
