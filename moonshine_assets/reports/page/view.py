"""Everything the page shows, as plain data for its template."""

from __future__ import annotations

from typing import Any, NamedTuple

import duckdb

from moonshine_assets.distill.policy import Policy
from moonshine_assets.distill.waterfall import EXPLAIN
from moonshine_assets.lanes.build import LANES
from moonshine_assets.lanes.write import read_rows
from moonshine_assets.mash.state import mash_state
from moonshine_assets.reports.page.calendar import years
from moonshine_assets.reports.page.correction import corrections, replies
from moonshine_assets.reports.page.difference import Difference, difference
from moonshine_assets.reports.page.facts import Fact, ask
from moonshine_assets.reports.page.funnels import Funnel, funnel
from moonshine_assets.reports.page.pairs import shown_pairs
from moonshine_assets.reports.page.waterfall import main_waterfall, provider_waterfalls
from moonshine_assets.reports.quotable import Quotable, within
from moonshine_resources.atomic import sha256_file
from moonshine_resources.home import Home

_QUERIES = ("waterfall", "receipts", "categories", "runs", "days", "ratings", "tone", "redactions")
_LEDGER = "f-ledger"
CONTENTS: tuple[tuple[str, str], ...] = (
    ("ledger", "Tokens"),
    ("receipts", "Receipts"),
    ("calendar", "Calendar"),
    ("lanes", "Lanes"),
    ("feedback", "Your feedback"),
    ("tone", "Tone"),
    ("pairs", "Pairs"),
    ("redaction", "Redaction"),
    ("difference", "What changed"),
    ("sources", "Sources"),
)


class Tile(NamedTuple):
    """A number at the top."""

    label: str
    value: int
    source: str


class Source(NamedTuple):
    """A file that numbers come from."""

    anchor: str
    path: str
    sha256: str


def view(connection: duckdb.DuckDBPyConnection, home: Home, policy: Policy, run_id: str) -> dict[str, Any]:
    """The names of the template with their values.

    Args:
        connection: the mash, cleaned, sliced and with its ledger written.
        home: with ledger and lanes of the distillation `run_id`.
        policy: the one it was made by.
        run_id: of the distillation.

    Raises:
        GateFailed: the ledger or a lane's manifest is missing.
    """
    ledger = Quotable.read(home, home.token_ledger)
    manifests = {lane: Quotable.read(home, home.lane(lane, run_id) / "manifest.json") for lane in LANES}
    connection.execute(f"CREATE OR REPLACE TEMP TABLE page_left_out AS {EXPLAIN}")
    facts = {name: ask(connection, name) for name in _QUERIES}
    facts["replies"] = replies(connection, policy.lanes.dpo.negative_rules)
    funnels = [funnel(lane, manifest.document) for lane, manifest in manifests.items()]
    changed = difference(home, list(LANES), run_id)
    pairs = shown_pairs(connection, read_rows(home.lane("dpo", run_id), tier=None))
    return {
        "head": {
            "mash_state": mash_state(connection),
            "policy_version": policy.version,
            "run_id": run_id,
            "tokenizer": ledger.document["tokenizer"],
        },
        "contents": CONTENTS,
        "tiles": _tiles(ledger, facts, funnels),
        "waterfalls": [main_waterfall(ledger.document, _LEDGER), *provider_waterfalls(facts["waterfall"])],
        "facts": facts,
        "years": years(facts["days"].rows),
        "funnels": funnels,
        "corrections": corrections(facts["replies"]),
        "pairs": pairs,
        "difference": changed,
        "files": _files(home, run_id, changed),
    }


def _tiles(ledger: Quotable, facts: dict[str, Fact], funnels: list[Funnel]) -> list[Tile]:
    def total(name: str) -> int:
        return sum(row[name] for row in facts["runs"].rows)

    return [
        Tile("conversations", total("conversations"), "q-runs"),
        Tile("messages", total("messages"), "q-runs"),
        Tile("tokens said", ledger.document["content_tokens_non_system"], _LEDGER),
        Tile("tokens selected", ledger.document["distilled_tokens_selected"], _LEDGER),
        *(Tile(f"{one.name.replace('_', ' ')} rows", one.rows, one.source) for one in funnels),
    ]


def _files(home: Home, run_id: str, changed: Difference | None) -> list[Source]:
    paths = {_LEDGER: home.token_ledger}
    paths |= {f"f-{lane}": home.lane(lane, run_id) / "manifest.json" for lane in LANES}
    if changed is not None:
        paths |= {f"f-{lane}-before": home.lane(lane, changed.before_run) / "manifest.json" for lane in LANES}
    return [Source(anchor, within(home, path), sha256_file(path)) for anchor, path in paths.items()]
