"""Which texts answer best: BM25 over the postings, as one SQL statement a question."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any

import duckdb
import polars as pl

from moonshine_assets.mash.search.build import hashes
from moonshine_assets.mash.search.question import Filters, Question, pattern

_K1, _B = 1.2, 0.75
#: Scores are whole numbers: sums are the same in whatever order they are taken.
_SCALE = 1_000_000
#: Postings of a term that are looked at: of a more common one those of the newest texts first, then more of them where
#: too few answer. Words in so many texts say next to nothing about any of them.
_MANY, _GROWTH = 200_000, 8
#: Newest texts by which the frequency of such a term is judged.
_SAMPLE = 65_536
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
        ((self._texts, mean, self._end),) = connection.execute(
            "SELECT count(*), avg(length), coalesce(max(text) + 1, 0) FROM search.texts"
        ).fetchall()
        self._mean = float(mean or 1) or 1.0
        self._frequency = {number: self._counted(number) for number in numbers.values()}
        self._required = [numbers[name] for name in question.required]
        self._wanted = [numbers[name] for name in question.wanted]
        self._condition, self._parameters = uses_condition(filters)
        terms = [*self._required, *self._wanted]
        rare = [term for term in terms if self._frequency[term] * _COMMON <= self._texts]
        #: Looked up where every word is demanded; common words beside rare ones are cheaper to look for in the texts.
        self._sought = rare or terms
        #: Patterns of the words that texts `with_all` still have to be asked for.
        self.unverified = tuple(
            pattern(name)
            for name in question.wanted
            if numbers[name] not in self._sought and self._frequency[numbers[name]]
        )

    def with_all(self, count: int) -> list[tuple[int, int]]:
        """The best texts that have every term but the `unverified`, as (text, score); ties: what came last first."""
        terms = self._sought
        rarest = min(self._frequency[term] for term in terms)
        if not rarest:
            return []
        part = _MANY
        while True:
            floor = self._floor(rarest, part)
            found = self._best(self._joined(terms, floor), count)
            if len(found) >= count or not floor:
                return found
            part *= _GROWTH

    def with_any(self, count: int) -> list[tuple[int, int]]:
        """The best texts that have every required term and one of the others, or more."""
        wanted = [term for term in self._wanted if self._frequency[term]]
        rare = [term for term in wanted if self._frequency[term] * _COMMON <= self._texts]
        wanted = rare or wanted
        if not wanted or not all(self._frequency[term] for term in self._required):
            return []
        part = _MANY
        while True:
            floors = {term: self._floor(self._frequency[term], part) for term in wanted}
            union = " UNION ALL ".join(self._scored(term, floor) for term, floor in floors.items())
            ranked = f"SELECT text, sum(score)::BIGINT AS score FROM ({union}) GROUP BY text"  # noqa: S608 - numbers
            if self._required:
                ranked = (
                    f"SELECT text, r.score + s.score AS score FROM ({self._joined(self._required, 0)}) AS r"  # noqa: S608 - numbers
                    f" INNER JOIN ({ranked}) AS s USING (text)"
                )
            found = self._best(ranked, count)
            if len(found) >= count or not any(floors.values()):
                return found
            part *= _GROWTH

    def _counted(self, term: int) -> int:
        """How many texts have a term; an estimate where they are more than _MANY."""
        ((some,),) = self._connection.execute(
            f"SELECT count(*) FROM (SELECT 1 FROM search.postings WHERE term = {term} LIMIT {_MANY})"  # noqa: S608 - numbers
        ).fetchall()
        if some < _MANY:
            return int(some)
        floor = max(0, self._end - _SAMPLE)
        ((newest,),) = self._connection.execute(
            f"SELECT count(*) FROM search.postings WHERE term = {term} AND text >= {floor}"  # noqa: S608 - numbers
        ).fetchall()
        return min(self._texts, max(int(some), int(newest) * self._texts // min(_SAMPLE, self._end)))

    def _floor(self, frequency: int, part: int) -> int:
        """The text from which on there are about `part` postings of a term; 0: all of them are looked at."""
        return 0 if frequency <= part else self._end - self._end * part // frequency

    def _best(self, ranked: str, count: int) -> list[tuple[int, int]]:
        semi = f"SEMI JOIN (SELECT text FROM search.uses WHERE {self._condition}) USING (text)" * bool(self._condition)  # noqa: S608 - our own words
        return self._connection.execute(
            f"SELECT text, score FROM ({ranked}) {semi} ORDER BY score DESC, text DESC LIMIT {count}",  # noqa: S608 - numbers
            self._parameters,
        ).fetchall()

    def _joined(self, terms: list[int], floor: int) -> str:
        """Texts that have all of some terms, the rarest first: what it lacks is not looked at in the others."""
        ordered = sorted(terms, key=lambda term: (self._frequency[term], term))
        tables = " INNER JOIN ".join(
            f"({self._scored(term, floor)}) AS t{rank}" + (" USING (text)" if rank else "")
            for rank, term in enumerate(ordered)
        )
        total = " + ".join(f"t{rank}.score" for rank in range(len(ordered)))
        return f"SELECT text, {total} AS score FROM {tables}"  # noqa: S608 - numbers

    def _scored(self, term: int, floor: int) -> str:
        count = self._frequency[term]
        weight = math.log(1 + (self._texts - count + 0.5) / (count + 0.5)) * (_K1 + 1) * _SCALE
        base, slope = _K1 * (1 - _B), _K1 * _B / self._mean
        return (
            f"SELECT text, round({weight!r} * tf / (tf + {base!r} + {slope!r} * pow(2, norm / 8.0)))::BIGINT AS score"  # noqa: S608 - numbers
            f" FROM search.postings WHERE term = {term}" + f" AND text >= {floor}" * bool(floor)
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
