"""Your feedback, measured: how often a reply rejects the answer before it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import duckdb
import pyarrow as pa

from moonshine_assets.distill.policy import NegativeRule
from moonshine_assets.lanes.audit.statistics import wilson
from moonshine_assets.lanes.feedback import negative_rule
from moonshine_assets.reports.page.facts import Fact, ask

_REPLIES = Path(__file__).with_name("replies.sql")
_TEXTS = """
SELECT r.record_uid, reply.text, right(answer.text, $tail)
FROM page_replies AS r
JOIN store.texts AS reply USING (content_sha256)
JOIN store.texts AS answer ON answer.content_sha256 = r.answer_sha256
"""
_FETCHED = 2_000
#: Groups of fewer answers say nothing; so many groups are shown.
MINIMUM_ANSWERS, GROUPS = 5, 24


class Group(NamedTuple):
    """Answers of one provider, model or month, and how many were corrected; `low` to `high` is the 95 % interval."""

    name: str
    answers: int
    corrected: int
    rate: float
    low: float
    high: float


class Corrections(NamedTuple):
    """The groups of one kind, those with most answers first, months in their order; `left_out` are too small."""

    by: str
    rows: list[Group]
    left_out: int
    minimum: int = MINIMUM_ANSWERS


def replies(connection: duckdb.DuckDBPyConnection, rules: Sequence[NegativeRule]) -> Fact:
    """Answers and corrections by provider, model and month.

    Args:
        connection: a cleaned mash; two temporary tables are left in it.
        rules: of the policy.
    """
    connection.execute(_REPLIES.read_text("utf-8"))
    tail = max((rule.question_tail_characters for rule in rules), default=0)
    found: dict[str, list[str]] = {"record_uid": [], "rule": []}
    result = connection.execute(_TEXTS, {"tail": max(tail, 1)})
    while batch := result.fetchmany(_FETCHED):
        for record_uid, reply, answer_end in batch:
            if rule := negative_rule(reply, answer_end, rules):
                found["record_uid"].append(record_uid)
                found["rule"].append(rule)
    table = pa.table(found, schema=pa.schema([("record_uid", pa.string()), ("rule", pa.string())]))
    connection.register("page_rejections_now", table)
    try:
        connection.execute("CREATE OR REPLACE TEMP TABLE page_rejections AS SELECT * FROM page_rejections_now")
    finally:
        connection.unregister("page_rejections_now")
    return ask(connection, "replies")


def corrections(fact: Fact) -> list[Corrections]:
    """The fact by provider, by model and by month; a kind of which every group is too small is left out."""
    return [table for by in ("provider", "model", "month") if (table := _by(fact, by)).rows]


def _by(fact: Fact, by: str) -> Corrections:
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for row in fact.rows:
        sums[row[by]][0] += row["answers"]
        sums[row[by]][1] += row["corrected"]
    large = {name: (answers, hits) for name, (answers, hits) in sums.items() if answers >= MINIMUM_ANSWERS}
    most = sorted(large, key=lambda name: (-large[name][0], name))[:GROUPS]
    names = sorted(most) if by == "month" else most
    groups = []
    for name in names:
        answers, hits = large[name]
        groups.append(Group(name, answers, hits, hits / answers, *wilson(hits, answers)))
    return Corrections(by, groups, len(sums) - len(groups))
