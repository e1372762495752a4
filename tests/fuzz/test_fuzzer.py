"""The fuzzer itself: it repeats its cases, finds what is lost, and kills what hangs."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from intake import count_words

from fuzz.cases import make, plan
from fuzz.encodings import decoded, encoded, form_of
from fuzz.judge import GOOD, Judgement, judge
from fuzz.layout_mutators import unpacked_size, write_plain
from fuzz.markers import plant, seen
from fuzz.run import Result
from fuzz.seeds import Seed, providers, seeds
from fuzz.summary import failure, summary
from fuzz.workers import work_through
from moonshine_assets.errors import BadInput
from moonshine_assets.exports.adapters import grok
from moonshine_assets.exports.records import ExportContext, ParsedConversation
from moonshine_resources.home import Home

#: Fixtures of which nothing can be taken in, as they stand.
REFUSED = {
    ("chatgpt", "html-login-page.json"),
    ("chatgpt", "lfs-pointer.json"),
    ("chatgpt", "saved-api-error.json"),
    ("grok", "no-responses.json"),
    ("opencode", "database-that-is-damaged"),
}


def written(seed: Seed, folder: Path) -> tuple[Path, set[str]]:
    """A fixture with its markers, not mutated."""
    markers: set[str] = set()
    files = {}
    for name, data in seed.files.items():
        form = form_of(name, data)
        value = decoded(form, data)
        files[name] = data
        if value is not None:
            markers |= plant(seed.provider, name, value, form)
            files[name] = encoded(form, value, data, ascii_only=True)
    return write_plain(files, folder), markers


def judged(home: Home, export: Path, markers: set[str]) -> Judgement:
    return judge(home, export, markers, unpacked_size(export), count_words, every_gate=False)


def named(provider: str, name: str) -> Seed:
    return next(seed for seed in seeds(provider) if seed.name == name)


@pytest.mark.parametrize("provider", providers())
def test_fixtures_that_are_not_mutated_are_taken_in_with_every_marked_text(provider: str, tmp_path: Path) -> None:
    # The first ones of each provider: the slice and `make fuzz` take all of them.
    markers_of_all: set[str] = set()
    for rank, seed in enumerate(seeds(provider)[::7]):
        export, markers = written(seed, tmp_path / f"in-{rank}")
        found = judged(Home.at(tmp_path / f"home-{rank}"), export, markers)
        wanted = ("refused",) if (provider, seed.name) in REFUSED else ("balanced", "quarantined")
        assert found.outcome in wanted, (seed.name, found)
        markers_of_all |= markers
    assert markers_of_all


def test_the_same_seed_and_number_make_the_same_bytes(tmp_path: Path) -> None:
    for number in (3, 99, 151, 173):
        one, other = (make(5, number, tmp_path / folder / str(number)) for folder in ("one", "other"))
        assert one.plan == other.plan == plan(5, number)
        assert one.markers == other.markers
        first, second = (
            {
                file.relative_to(made.path.parent): file.read_bytes()
                for file in made.path.parent.rglob("*")
                if file.is_file()
            }
            for made in (one, other)
        )
        assert first == second
        assert first


def test_a_text_that_an_adapter_drops_is_called_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    export, markers = written(named("grok", "regenerated-answer.json"), tmp_path / "in")
    assert judged(Home.at(tmp_path / "whole"), export, markers) == ("balanced", "")
    parse = grok.parse

    def forgetful(data: bytes | memoryview, context: ExportContext) -> ParsedConversation:
        parsed = parse(data, context)
        for node in parsed.nodes[1:2]:
            assert node.message is not None
            node.message.blocks = []
        return parsed

    monkeypatch.setattr(grok, "parse", forgetful)
    assert judged(Home.at(tmp_path / "less"), export, markers).outcome == "lost"


def test_a_file_that_is_taken_for_an_attachment_is_called_lost(tmp_path: Path) -> None:
    export, markers = written(named("chatgpt", "regenerated-answer.json"), tmp_path / "in")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "conversations.json").write_bytes(named("chatgpt", "channels.json").files["channels.json"])
    (folder / "conversations.json.bak").write_bytes(export.read_bytes())
    assert judged(Home.at(tmp_path / "home"), folder, markers).outcome == "lost"


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        (BadInput("what", where="where"), "untold"),
        (BadInput("mk0123456789abkm was said", where="where", fix="fix"), "untold"),
        (BadInput("what", where="where", fix="fix"), "refused"),
        (KeyError("x"), "crash"),
        (duckdb.Error("x"), "crash"),
    ],
)
def test_refusals_must_be_told_and_other_failures_are_crashes(
    fault: Exception, outcome: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    export, markers = written(named("grok", "regenerated-answer.json"), tmp_path / "in")

    def failing(element: object) -> None:
        raise fault

    monkeypatch.setattr(grok, "claim", failing)
    assert judged(Home.at(tmp_path / "home"), export, markers).outcome == outcome


def busy_or_dead() -> Callable[[int], int]:
    return _busy_or_dead


def _busy_or_dead(number: int) -> int:
    if number == 2:
        while True:
            pass
    if number == 3:
        raise SystemExit
    time.sleep(0.01)
    return number * 10


def test_work_that_never_ends_is_killed_and_the_rest_is_done() -> None:
    done = {one.number: (one.result, one.failure) for one in work_through(range(6), busy_or_dead, limit=1)}
    assert done == {
        0: (0, ""),
        1: (10, ""),
        2: (None, "hang"),
        3: (None, "an exception"),
        4: (40, ""),
        5: (50, ""),
    }


def test_a_failed_case_says_how_to_do_it_again() -> None:
    bad = Result(17, "grok", "wrap", "a.json", "lost", "1 of 2 markers", 0.1, Path("kept/3-17"))
    assert "make fuzz SEED=3 CASE=17" in failure(3, bad)
    assert "kept/3-17" in failure(3, bad)
    table = summary([bad, bad._replace(outcome=GOOD[0])])
    assert "lost" in table
    assert "grok" in table


def test_markers_survive_every_encoding_of_a_seed() -> None:
    for provider in providers():
        for seed in seeds(provider):
            for name, data in seed.files.items():
                form = form_of(name, data)
                value = decoded(form, data)
                if value is not None and form not in ("sqlite", "zstd"):
                    planted = plant(provider, name, value, form)
                    assert planted <= seen(encoded(form, value, data, ascii_only=True)), seed.name
