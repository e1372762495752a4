"""Times of every export form to microseconds UTC."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moonshine_assets.exports.times import lacks_zone, to_micros

BEGIN_2024 = 1_704_067_200_000_000


@pytest.mark.parametrize(
    ("value", "micros"),
    [
        (1_704_067_200, BEGIN_2024),
        (1_704_067_200.000001, BEGIN_2024 + 1),
        (1_704_067_200_000, BEGIN_2024),
        (1_704_067_200_000_000, BEGIN_2024),
        ("1704067200", BEGIN_2024),
        (" 1704067200.5 ", BEGIN_2024 + 500_000),
        ("2024-01-01T00:00:00Z", BEGIN_2024),
        ("2024-01-01T00:00:00", BEGIN_2024),
        ("2024-01-01T05:30:00.000001+05:30", BEGIN_2024 + 1),
        ("2024-01-01", BEGIN_2024),
        (4_102_444_799, 4_102_444_799_000_000),
    ],
)
def test_every_known_form_is_understood(value: Any, micros: int) -> None:
    assert to_micros(value) == micros


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        False,
        0,
        -1,
        4_102_444_800,
        10**400,
        math.nan,
        math.inf,
        -math.inf,
        "",
        "yesterday",
        "NaN",
        "Infinity",
        "1e9",
        "9" * 5_000,
        "2023-02-30T00:00:00Z",
        "0001-01-01T00:00:00+23:59",
        "9999-12-31T23:59:59-23:59",
        "\ud800",
        [],
        {"$date": 1},
    ],
)
def test_what_is_no_time_is_none(value: Any) -> None:
    assert to_micros(value) is None


@given(st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary())
def test_nothing_makes_it_fail_or_leave_the_years_1970_to_2099(value: Any) -> None:
    micros = to_micros(value)
    assert micros is None or 0 < micros < 4_102_444_800_000_000
    lacks_zone(value)


@given(st.datetimes(datetime(1970, 1, 2), datetime(2099, 12, 30), timezones=st.just(UTC)))
def test_an_iso_time_comes_back_to_the_microsecond(moment: datetime) -> None:
    micros = to_micros(moment.isoformat())
    assert micros is not None
    assert datetime.fromtimestamp(micros // 1_000_000, UTC).replace(microsecond=micros % 1_000_000) == moment


@pytest.mark.parametrize(
    ("value", "lacks"),
    [("2024-01-01T00:00:00", True), ("2024-01-01T00:00:00Z", False), ("1704067200", False), (1704067200, False)],
)
def test_a_missing_zone_is_told(value: Any, lacks: bool) -> None:
    assert lacks_zone(value) is lacks
