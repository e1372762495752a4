"""Days with messages as a calendar, a picture a year."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

#: Shades from few messages to many; the bounds are the quartiles of the days that have any.
LEVELS = 4
CELL = 13


class Day(NamedTuple):
    """A square: where it stands, how dark it is, and what a pointer over it says."""

    x: int
    y: int
    level: int
    title: str


class Year(NamedTuple):
    """A year's squares; the width of its picture is in the same units."""

    year: int
    messages: int
    active_days: int
    width: int
    days: list[Day]
    months: list[tuple[int, str]]


def years(days: Sequence[Mapping[str, Any]]) -> list[Year]:
    """Calendars of the years that have messages, newest first.

    Args:
        days: rows with `day` and `messages`.
    """
    counts: dict[date, int] = {row["day"]: row["messages"] for row in days}
    bounds = _quartiles(sorted(counts.values()))
    return [_year(year, counts, bounds) for year in sorted({day.year for day in counts}, reverse=True)]


def _year(year: int, counts: Mapping[date, int], bounds: Sequence[int]) -> Year:
    first = date(year, 1, 1)
    monday = first - timedelta(days=first.weekday())
    squares: list[Day] = []
    months: list[tuple[int, str]] = []
    total = active = 0
    day = first
    while day.year == year:
        column = (day - monday).days // 7
        if day.day == 1:
            months.append((column * CELL, f"{day:%b}"))
        if amount := counts.get(day, 0):
            total += amount
            active += 1
            level = 1 + sum(amount > bound for bound in bounds)
            squares.append(Day(column * CELL, day.weekday() * CELL, level, f"{day:%Y-%m-%d}: {amount:,} messages"))
        day += timedelta(days=1)
    return Year(year, total, active, 54 * CELL, squares, months)


def _quartiles(values: Sequence[int]) -> list[int]:
    if not values:
        return []
    return [values[min(len(values) - 1, len(values) * part // LEVELS)] for part in range(1, LEVELS)]
