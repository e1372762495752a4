"""The corpus report: what is in the mash and what was made of it, in numbers that say where they come from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb

from moonshine_assets.errors import GateFailed
from moonshine_assets.gates import rows
from moonshine_assets.ledger.record import COUNTERS
from moonshine_assets.mash.state import mash_state
from moonshine_assets.reports.quotable import Quotable
from moonshine_assets.reports.write import table, write_markdown_keeping
from moonshine_resources.home import Home

#: File name and caption of every picture (charts.py draws them).
PICTURES: Mapping[str, str] = {
    "ledger_waterfall.png": "From the exports' JSON to the slice, every step with its reason",
    "messages_by_month.png": "Messages by month and provider",
    "lanes.png": "Candidates and rows of each lane",
}

_HERE = Path(__file__).parent
_MEANING = {
    "raw_json_tokens": "the exports' conversation JSON as it stands in the files",
    "content_tokens_non_system": "text of user, assistant and tool messages on every branch",
    "content_tokens_cleaned": "distinct texts of them, none of them empty",
    "distilled_tokens_selected": "distinct texts of the distilled slice",
}


def corpus_report(connection: duckdb.DuckDBPyConnection, home: Home, generated_at: str) -> str:
    """Write `reports/moonshine_corpus_report.md`; the text in the file.

    Args:
        connection: the mash, read-only or not.
        home: with the main ledger, its reconciliation and the distillation manifest of this mash.
        generated_at: ISO time; an unchanged report keeps its own.

    Raises:
        GateFailed: a file is missing, or is not of this mash.

    Counts of conversations and messages are taken from the mash; every total of tokens is quoted from a file, with
    its field. No text, title or file name of an export is in it.
    """
    ledger = Quotable.read(home, home.token_ledger)
    reconciliation = Quotable.read(home, home.reconciliation)
    distillation = Quotable.read(home, home.distillation_manifest)
    state = mash_state(connection)
    for source, name in ((ledger, "source_sha256"), (reconciliation, "mash_state"), (distillation, "mash_state")):
        if source.document.get(name) != state:
            raise GateFailed("is not of the mash as it is now", where=source.name, fix="make it again")
    lines = [
        *_head(ledger.document, state),
        *_in_the_mash(connection),
        *_receipts(connection),
        *_tokens(ledger, distillation),
        *_reconciled(reconciliation),
        *_lanes(distillation),
        *_pictures(),
    ]
    return write_markdown_keeping(home.corpus_report, "\n".join(lines), generated_at)


def _head(ledger: Mapping[str, Any], state: str) -> list[str]:
    return [
        "# Corpus report",
        "",
        f"- mash state `{state}`",
        f"- policy `{ledger['policy_version']}`, distillation `{ledger['run_id']}`",
        f"- tokenizer `{ledger['tokenizer']}` ({ledger['library']} {ledger['version']}),"
        f" vocabulary `{ledger['vocabulary_sha256']}`",
        "",
        "A number with a file and a field in brackets behind it is quoted from there; paths start in this folder.",
        "",
    ]


def _in_the_mash(connection: duckdb.DuckDBPyConnection) -> list[str]:
    found = rows(connection, (_HERE / "runs.sql").read_text("utf-8"))
    counted = ("conversations", "messages", "branch_points", "off_path", "superseded")
    by_provider: dict[str, list[int]] = {}
    for run in found:
        sums = by_provider.setdefault(run["provider"], [0] * (1 + len(counted)))
        for rank, amount in enumerate((1, *(run[name] for name in counted))):
            sums[rank] += amount
    header = ["conversations", "messages", "branch points", "messages off the active path", "superseded messages"]
    empty = sum(run["empty_conversations"] for run in found)
    return [
        "## In the mash",
        "",
        *table(["provider", "runs", *header], [[provider, *sums] for provider, sums in by_provider.items()]),
        "",
        *table(
            ["run", *header, "first month", "last month", "months with messages"],
            [
                [run["run_id"], *(run[name] for name in counted), run["first_month"], run["last_month"], run["months"]]
                for run in found
            ],
        ),
        "",
        f"The newest version of each conversation counts; {empty:,} conversations have no message. Superseded"
        " messages are older versions, kept as history.",
        "",
    ]


def _receipts(connection: duckdb.DuckDBPyConnection) -> list[str]:
    found = rows(connection, (_HERE / "receipts.sql").read_text("utf-8"))
    nodes = ("nodes_in", "kept", "hidden", "structural", "duplicate", "quarantined")
    conversations = ("conversations_in", "conversations_duplicate", "conversations_quarantined")
    return [
        "## Receipts",
        "",
        "Every node of every export that was merged: in = kept + hidden + structural + duplicate + quarantined.",
        "",
        *table(
            ["run", "nodes in", *nodes[1:]],
            [[run["run_id"], *(run[name] for name in nodes)] for run in found],
        ),
        "",
        *table(
            ["run", "files", "conversations in", "duplicate", "quarantined"],
            [[run["run_id"], run["files"], *(run[name] for name in conversations)] for run in found],
        ),
        "",
        "Kept nodes were shown to the person, hidden ones were not; both are in the mash. Structural nodes carry no"
        " message. Duplicates and what did not parse are kept beside it, byte by byte.",
        "",
    ]


def _tokens(ledger: Quotable, distillation: Quotable) -> list[str]:
    steps = ledger.document["waterfall"]
    reasons = [step["reason"] for step in steps]
    body = []
    for counter in COUNTERS:
        for rank, step in enumerate(steps):
            if step["to_counter"] == counter:
                item = step["reason"] if reasons.count(step["reason"]) == 1 else str(rank)
                body.append([f"less `{step['reason']}`", ledger.total("waterfall", item, "tokens"), ""])
        body.append([f"**{counter}**", ledger.total(counter), _MEANING[counter]])
    band = distillation.document["band"]
    if band["applied"]:
        verdict = "inside" if band["passed"] else "outside"
        low, high = distillation.total("band", "low"), distillation.total("band", "high")
        said = f"The slice is {verdict} the policy's band, {low} to {high} tokens."
    else:
        said = "The policy's band does not apply: the corpus is smaller than the least it is meant for."
    per_provider = [
        [
            entry["provider"],
            *(ledger.total("by_provider", entry["provider"], counter) for counter in COUNTERS[:2]),
        ]
        for entry in ledger.document["by_provider"]
    ]
    return [
        "## Tokens",
        "",
        *table(["counter or reason", "tokens", "what it counts"], body),
        "",
        said,
        "",
        *table(["provider", *COUNTERS[:2]], per_provider),
        "",
    ]


def _reconciled(reconciliation: Quotable) -> list[str]:
    body = []
    for entry in reconciliation.document["counters"]:
        counter = entry["counter"]
        body.append(
            [f"**{counter}**, sum of the runs", reconciliation.total("counters", counter, "sum_of_run_ledgers")]
        )
        body += [
            [f"less `{term}`", reconciliation.total("counters", counter, "taken_off", term)]
            for term in entry["taken_off"]
        ]
        body.append(["main ledger", reconciliation.total("counters", counter, "main_ledger")])
        body.append(["difference", reconciliation.total("counters", counter, "difference")])
    return [
        "## Runs and main ledger",
        "",
        *table(
            ["run", *COUNTERS[:3]],
            [
                [run["run_id"], *(reconciliation.total("runs", run["run_id"], counter) for counter in COUNTERS[:3])]
                for run in reconciliation.document["runs"]
            ],
        ),
        "",
        *table(["term", "tokens"], body),
        "",
    ]


def _lanes(distillation: Quotable) -> list[str]:
    lanes: dict[str, Any] = distillation.document["lanes"]
    lines = [
        "## Lanes",
        "",
        *table(
            ["lane", "candidates", "rows", "tokens", "candidates are"],
            [
                [lane, facts["candidates"], facts["rows"], distillation.total("lanes", lane, "tokens"), unit]
                for lane, facts in lanes.items()
                for unit in [facts["candidate_unit"]]
            ],
        ),
        "",
    ]
    for lane, facts in lanes.items():
        lines += [f"### {lane}", ""]
        if facts["dropped"]:
            ordered = sorted(facts["dropped"].items(), key=lambda item: (-item[1], item[0]))
            lines += table(["left out because", "candidates"], ordered)
        else:
            lines += ["Nothing was left out."]
        lines += ["", f"Files: `{facts['folder']}`", ""]
    return lines


def _pictures() -> list[str]:
    lines = ["## Pictures", ""]
    for name, caption in PICTURES.items():
        lines += [f"![{caption}](visuals/{name})", ""]
    return lines
