"""The status block of `reports/README.md`: date, run, counters and lanes, written from the ledger and the manifests.

What stands around the block is a person's and stays. The closing mark holds the hash of what was written between the
marks, so that an edit by hand is told from a block of an earlier state.
"""

from __future__ import annotations

import re
from hashlib import sha256
from itertools import zip_longest
from typing import Any

from moonshine_assets.gates import Verdict, broken, held
from moonshine_assets.ledger.record import COUNTERS
from moonshine_assets.reports.quotable import Quotable
from moonshine_assets.reports.write import table
from moonshine_resources.atomic import write_text
from moonshine_resources.home import Home

_OPEN = "<!-- moonshine:status -->"
_BLOCK = re.compile(
    rf"{re.escape(_OPEN)}\n(?P<body>.*?)<!-- /moonshine:status(?: (?P<sha256>[0-9a-f]*))? -->", re.DOTALL
)
_NUMBER = re.compile(r"\d[\d,.:-]*\d|\d")
_TITLE = "# Corpus\n\n"


def status_block(home: Home) -> str:
    """What the block says of the present state, marks included.

    Raises:
        GateFailed: the ledger, the reconciliation or the distillation manifest is missing.
    """
    ledger = Quotable.read(home, home.token_ledger)
    runs = Quotable.read(home, home.reconciliation).document["runs"]
    distillation = Quotable.read(home, home.distillation_manifest)
    facts = [
        ["date", ledger.document["generated_at"][:10]],
        ["distillation", f"`{ledger.document['run_id']}`"],
        ["mash state", f"`{ledger.document['source_sha256']}`"],
        ["policy", f"`{ledger.document['policy_version']}`"],
        ["runs in the mash", str(len(runs))],
        *([name, ledger.total(name)] for name in COUNTERS),
    ]
    lanes = [
        [lane, *(distillation.total("lanes", lane, name) for name in ("rows", "tokens"))]
        for lane in distillation.document["lanes"]
    ]
    lines = [
        "## Status",
        "",
        *table(["", "now"], facts),
        "",
        *table(["lane", "rows", "tokens"], lanes),
        "",
        "Written from the ledger and the manifests; what stands between the marks is made anew with every state.",
    ]
    body = "\n".join(lines) + "\n"
    return f"{_OPEN}\n{body}<!-- /moonshine:status {_hash(body)} -->"


def write_status(home: Home) -> str:
    """Put the present block in its place in `reports/README.md`, which is begun if it is not there; the block.

    Call it when `status_as_written` holds: what somebody wrote into the block is lost otherwise.
    """
    block = status_block(home)
    page = home.status_page.read_text("utf-8") if home.status_page.exists() else _TITLE
    found = _BLOCK.search(page)
    text = page[: found.start()] + block + page[found.end() :] if found else f"{page.rstrip()}\n\n{block}\n"
    if not home.status_page.exists() or text != page:
        write_text(home.status_page, text)
    return block


def status_as_written(home: Home) -> Verdict:
    """Nobody has written into the block since it was made; a page without one holds too."""
    found = _found(home)
    if found is None or found["sha256"] == _hash(found["body"]):
        return held("citations", "the status block is as it was written")
    offenders = status_faults(home)
    return broken("citations", "the status block was edited by hand", offenders or [_fault(home, 1, "was edited")])


def status_faults(home: Home) -> list[dict[str, Any]]:
    """Where the block does not say what ledger and manifests say, line by line; empty before there is a state."""
    if not home.distillation_manifest.exists():
        return []
    found = _found(home)
    if found is None:
        return [_fault(home, 1, "there is no status block")]
    edited = found["sha256"] != _hash(found["body"])
    problem = "the status block was edited by hand" if edited else "the status block is of an earlier state"
    first = found.string[: found.start()].count("\n") + 1
    faults = []
    pairs = zip_longest(found[0].splitlines(), status_block(home).splitlines(), fillvalue="")
    for line, (printed, expected) in enumerate(pairs, start=first):
        if printed != expected and not printed.startswith("<!--"):
            faults.append(_fault(home, line, problem, **_differing(printed, expected)))
    if edited and not faults:
        faults.append(_fault(home, first, problem))
    return faults


def _differing(printed: str, expected: str) -> dict[str, str]:
    """The first number (or, where the numbers agree, the line) in which two lines differ."""
    numbers = zip_longest(_NUMBER.findall(printed), _NUMBER.findall(expected), fillvalue="nothing")
    for one, other in numbers:
        if one != other:
            return {"printed": one, "expected": other}
    return {"printed": printed, "expected": expected}


def _found(home: Home) -> re.Match[str] | None:
    return _BLOCK.search(home.status_page.read_text("utf-8")) if home.status_page.exists() else None


def _fault(home: Home, line: int, problem: str, **more: str) -> dict[str, Any]:
    return {"report": home.status_page.name, "line": line, "problem": problem, **more}


def _hash(body: str) -> str:
    return sha256(body.encode()).hexdigest()
