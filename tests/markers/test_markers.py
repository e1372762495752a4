"""Every text of an export is found in the run's database, as what it is: a unique marker in each place that bears text.

One module a provider makes the exports, `marks.py` says what is expected of a marker.
"""

from __future__ import annotations

import importlib
import json
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import pytest
from intake import Intake

from markers.marks import CATEGORIES, Export, Marks, Place, found, misplaced
from markers.shapes import stated_shapes, without_version
from moonshine_assets.exports.adapters import BY_PROVIDER
from moonshine_assets.gates import Verdict
from moonshine_assets.providers.gates import no_contamination, provider_coverage, receipt_balances
from moonshine_assets.providers.source import read_lock
from moonshine_resources.duckdb import connect
from moonshine_resources.home import Home

PROVIDERS = sorted(BY_PROVIDER)
FIXTURES = Path(__file__).parents[1] / "fixtures"


class Built(NamedTuple):
    """What the database of an export holds; `claimed` is the shape that detection stated."""

    provider: str
    claimed: str
    shapes: set[str]
    places: dict[str, set[Place]]
    verdicts: list[Verdict]


@cache
def exports_of(provider: str) -> dict[str, Export]:
    return {export.name: export for export in generator(provider).exports()}


def generator(provider: str) -> ModuleType:
    return importlib.import_module(f"markers.{provider}")


CASES = [(provider, name) for provider in PROVIDERS for name in exports_of(provider)]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], Built]:
    """Takes an export in by the way of all exports, once."""
    intake = Intake(Home.at(tmp_path_factory.mktemp("markers") / "home"))

    @cache
    def build(provider: str, name: str) -> Built:
        run = intake.drafted(exports_of(provider)[name].write(tmp_path_factory.mktemp("export")))
        with connect(run.database_draft, read_only=True) as connection:
            return Built(
                run.provider,
                read_lock(run)["shape"],
                {shape for (shape,) in connection.execute("SELECT shape FROM conversations").fetchall()},
                found(connection),
                [
                    receipt_balances(connection),
                    provider_coverage(connection, provider, run.run_id),
                    no_contamination(connection),
                ],
            )

    return build


@pytest.mark.parametrize(("provider", "name"), CASES, ids=[name for _, name in CASES])
def test_every_marker_is_found_as_what_it_is(built: Callable[[str, str], Built], provider: str, name: str) -> None:
    export = exports_of(provider)[name]
    database = built(provider, name)
    assert database.provider == provider
    assert [verdict for verdict in database.verdicts if not verdict.passed] == []
    assert database.shapes == set(export.shapes)
    assert misplaced(export.marks.wanted, database.places) == []


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_provider_has_a_marker_in_every_place_its_format_has(provider: str) -> None:
    made = {wanted.category for export in exports_of(provider).values() for wanted in export.marks.wanted.values()}
    absent = set(generator(provider).HAS_NO)
    assert made & absent == set()
    assert set(CATEGORIES) - made == absent & set(CATEGORIES)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_an_export_of_every_shape_of_a_provider_is_made(built: Callable[[str, str], Built], provider: str) -> None:
    databases = [built(provider, name) for name in exports_of(provider)]
    made = {shape for database in databases for shape in (database.claimed, *database.shapes)}
    missing = {stated for stated in stated_shapes(provider) if not any(re.fullmatch(stated, shape) for shape in made)}
    assert missing == set()
    assert {without_version(shape) for shape in shapes_of_fixtures(provider)} <= {without_version(one) for one in made}


@pytest.mark.parametrize("provider", PROVIDERS)
def test_an_adapter_has_what_it_exports_and_no_module_in_its_place(provider: str) -> None:
    """What a provider can do is told by the names its adapter has: a module of such a name would be taken for it."""
    adapter = BY_PROVIDER[provider]
    optional = (
        "claim_bytes",
        "claim_lines",
        "claim_tables",
        "conversation_arrays",
        "conversations",
        "feedback",
        "parse_file",
    )
    has = {name for name in optional if hasattr(adapter, name)}
    assert {name for name in has if not callable(getattr(adapter, name))} == set()
    assert has <= set(getattr(adapter, "__all__", has))


def shapes_of_fixtures(provider: str) -> set[str]:
    """The shapes that the expectations of a provider's fixtures name."""
    found: set[str] = set()
    for path in FIXTURES.glob(f"*/{provider}/*.expected.json"):
        stated = json.loads(path.read_text("utf-8")).get("shapes", [])
        found |= set(stated.values() if isinstance(stated, dict) else stated)
    return found


def test_a_marker_that_is_lost_or_counted_as_something_else_is_told() -> None:
    marks = Marks("told")
    thought = marks.of("model")("thinking", "thinking")
    place = marks.wanted[thought].place
    assert misplaced(marks.wanted, {thought: {place, place._replace(column="payload", kind="raw")}}) == []
    for stands in (set(), {place._replace(visible=False)}, {place, place._replace(kind="text")}):
        assert len(misplaced(marks.wanted, {thought: stands})) == 1
