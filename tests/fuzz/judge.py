"""One export through the real path: registered, secured, read, its gates asked, its markers sought."""

from __future__ import annotations

import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from fuzz.markers import held, seen
from moonshine_assets.errors import BadInput
from moonshine_assets.exports.register import register
from moonshine_assets.providers.build import build_draft
from moonshine_assets.providers.gates import draft_gates, no_contamination, provider_coverage, receipt_balances
from moonshine_assets.providers.rows import CountMany
from moonshine_assets.providers.source import read_lock, secure
from moonshine_resources.duckdb import connect
from moonshine_resources.home import Home, RunPaths

_MOMENT = datetime(2026, 1, 31, 12, 0, 0, tzinfo=UTC)

#: Outcomes that are as they should be.
GOOD = ("balanced", "quarantined", "refused")


class Judgement(NamedTuple):
    """balanced, quarantined (balanced, with pieces set aside) or refused; else crash, unbalanced, lost, or untold (a
    refusal that does not say what, where and what to do, or that shows text). `detail` says more, without text."""

    outcome: str
    detail: str = ""


def judge(
    home: Home, export: Path, markers: set[str], size: int, count_many: CountMany, *, every_gate: bool = True
) -> Judgement:
    """What becomes of an export.

    Args:
        home: an empty data home.
        export: file, zip or folder.
        markers: what the database must hold.
        size: bytes of its files, unpacked; -1 when nobody can tell.
        count_many: token counts of texts.
        every_gate: ask the schema gate too, which takes as long as all the rest of a small export.
    """
    try:
        run = home.run(register(home, export, moment=_MOMENT).run_id)
        lock = read_lock(run)
        build_draft(run, lock, secure(run).path, count_many)
    except BadInput as refusal:
        return _refused(refusal)
    except Exception as error:
        return Judgement("crash", _where(error))
    try:
        return _built(run, markers, size, every_gate)
    except Exception as error:
        return Judgement("crash", _where(error))


def _refused(refusal: BadInput) -> Judgement:
    missing = [name for name in ("what", "where", "fix") if not getattr(refusal, name)]
    if missing:
        return Judgement("untold", f"no {' or '.join(missing)}: {refusal.what}")
    if seen(str(refusal).encode("utf-8", "replace")):
        return Judgement("untold", f"text of a message in a refusal of {type(refusal).__name__}")
    return Judgement("refused", refusal.what)


def _built(run: RunPaths, markers: set[str], size: int, every_gate: bool) -> Judgement:
    with connect(run.database_draft, read_only=True) as connection:
        if every_gate:
            verdicts = draft_gates(connection, run.provider, run.run_id)
        else:
            coverage = provider_coverage(connection, run.provider, run.run_id)
            verdicts = [receipt_balances(connection), coverage, no_contamination(connection)]
        received = connection.execute("SELECT sum(bytes_total)::BIGINT FROM store.receipts").fetchall()[0][0]
        reasons = [reason for (reason,) in connection.execute("SELECT reason FROM store.quarantine").fetchall()]
        lost = sorted(markers - held(connection))
    broken = [verdict for verdict in verdicts if not verdict.passed]
    if broken:
        return Judgement("unbalanced", "; ".join(f"{v.gate}: {v.reason} {v.offenders[:3]}" for v in broken))
    if stumbled := [reason for reason in reasons if "adapter failed with" in reason]:
        return Judgement("crash", stumbled[0])
    if size >= 0 and received != size:
        return Judgement("unbalanced", f"the export has {size} bytes, the receipts tell of {received}")
    if seen(" ".join(reasons).encode()):
        return Judgement("untold", "text of a message in the reason of a quarantined piece")
    if lost:
        return Judgement("lost", f"{len(lost)} of {len(markers)} markers: {' '.join(lost[:5])}")
    return Judgement("quarantined", f"{len(reasons)} pieces") if reasons else Judgement("balanced")


def _where(error: Exception) -> str:
    last = traceback.extract_tb(error.__traceback__)[-3:]
    places = " < ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in reversed(last))
    return f"{type(error).__name__} at {places}"
