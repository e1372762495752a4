"""Which texts answer best: BM25 over the postings, as one SQL statement a question."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any

import duckdb
import polars as pl

from moonshine_assets.mash.search.build import hashes
from moonshine_assets.mash.search.question import Filters, Question

_K1, _B = 1.2, 0.75
#: Scores are whole numbers: sums are the same in whatever order they are taken.
_SCALE = 1_000_000
#: A term of more than a tenth of all texts decides nothing between those that have another one.
_COMMON = 10


class Ranking:
    """The terms of a question as the index knows them.

    Args:
        connection: an open mash with an index.
        question: what is asked.
        filters: which messages count.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, question: Question, filters: Filters) -> None:
        self._connection = connection
        names = [*question.required, *question.wanted]
        numbers = dict(zip(names, hashes(connection, pl.Series(names)), strict=True))
        listed = ", ".join(map(str, numbers.values()))
        found = dict(
            connection.execute(
                f"SELECT term, count(*) FROM search.postings WHERE term IN ({listed}) GROUP BY term"  # noqa: S608 - numbers
            ).fetchall()
        )
        ((self._texts, mean),) = connection.execute("SELECT count(*), avg(length) FROM search.texts").fetchall()
        self._mean = float(mean or 1) or 1.0
        self._frequency = {number: int(found.get(number, 0)) for number in numbers.values()}
        self._required = [numbers[name] for name in question.required]
        self._wanted = [numbers[name] for name in question.wanted]
        self._condition, self._parameters = uses_condition(filters)

    def with_all(self, count: int) -> list[tuple[int, int]]:
        """The best texts that have every term, as (text, score); ties by the text that came last."""
        terms = [*self._required, *self._wanted]
        if not all(self._frequency[term] for term in terms):
            return []
        return self._best(self._joined(terms), count)

    def with_any(self, count: int) -> list[tuple[int, int]]:
        """The best texts that have every required term and one of the others, or more."""
        wanted = [term for term in self._wanted if self._frequency[term]]
        rare = [term for term in wanted if self._frequency[term] * _COMMON <= self._texts]
        wanted = rare or wanted
        if not wanted or not all(self._frequency[term] for term in self._required):
            return []
        union = " UNION ALL ".join(self._scored(term) for term in wanted)
        ranked = f"SELECT text, sum(score)::BIGINT AS score FROM ({union}) GROUP BY text"  # noqa: S608 - numbers
        if self._required:
            ranked = (
                f"SELECT text, r.score + s.score AS score FROM ({self._joined(self._required)}) AS r"  # noqa: S608 - numbers
                f" INNER JOIN ({ranked}) AS s USING (text)"
            )
        return self._best(ranked, count)

    def _best(self, ranked: str, count: int) -> list[tuple[int, int]]:
        semi = f"SEMI JOIN (SELECT text FROM search.uses WHERE {self._condition}) USING (text)" * bool(self._condition)  # noqa: S608 - our own words
        return self._connection.execute(
            f"SELECT text, score FROM ({ranked}) {semi} ORDER BY score DESC, text DESC LIMIT {count}",  # noqa: S608 - numbers
            self._parameters,
        ).fetchall()

    def _joined(self, terms: list[int]) -> str:
        """Texts that have all of some terms, the rarest first: what it lacks is not looked at in the others."""
        ordered = sorted(terms, key=lambda term: (self._frequency[term], term))
        tables = " INNER JOIN ".join(
            f"({self._scored(term)}) AS t{rank}" + (" USING (text)" if rank else "")
            for rank, term in enumerate(ordered)
        )
        total = " + ".join(f"t{rank}.score" for rank in range(len(ordered)))
        return f"SELECT text, {total} AS score FROM {tables}"  # noqa: S608 - numbers

    def _scored(self, term: int) -> str:
        count = self._frequency[term]
        weight = math.log(1 + (self._texts - count + 0.5) / (count + 0.5)) * (_K1 + 1) * _SCALE
        base, slope = _K1 * (1 - _B), _K1 * _B / self._mean
        return (
            f"SELECT text, round({weight!r} * tf / (tf + {base!r} + {slope!r} * pow(2, norm / 8.0)))::BIGINT AS score"  # noqa: S608 - numbers
            f" FROM search.postings WHERE term = {term}"
        )


def uses_condition(filters: Filters) -> tuple[str, dict[str, str | datetime]]:
    """The filters as a condition on search.uses with its parameters; empty without filters."""
    conditions = {
        "provider": "run IN (SELECT run FROM search.runs INNER JOIN store.runs USING (provider_run_id)"
        " WHERE provider = $provider)",
        "role": "role = $role",
        "since": "created_at >= $since::TIMESTAMP",
        "until": "created_at < $until::TIMESTAMP",
    }
    given: dict[str, Any] = {name: value for name, value in filters._asdict().items() if value is not None}
    return " AND ".join(conditions[name] for name in given), given
