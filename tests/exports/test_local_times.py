"""Times as pages write them, in the languages and zones that were seen."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moonshine_assets.exports.local_times import local_time


def stamp(text: str, **more: bool) -> str | None:
    found = local_time(text, **more)
    return None if found is None else datetime.fromtimestamp(found.micros / 1e6, UTC).strftime("%Y-%m-%d %H:%M:%S")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Mar 2, 2026, 9:15:00 AM CET", "2026-03-02 08:15:00"),
        ("Mar 2, 2026, 9:15:00\u202fPM EST", "2026-03-03 02:15:00"),
        ("Mar 2, 2026, 12:15:00 AM PDT", "2026-03-02 07:15:00"),
        ("Mar 2, 2026, 12:15:00 PM UTC", "2026-03-02 12:15:00"),
        ("2 Mar 2026, 09:15:00 GMT", "2026-03-02 09:15:00"),
        ("2 Mar 2026, 09:15:00 GMT+2", "2026-03-02 07:15:00"),
        ("2 Mar 2026, 09:15:00 GMT-3:30", "2026-03-02 12:45:00"),
        ("2 Mar 2026, 09:15:00 GMT+05:30", "2026-03-02 03:45:00"),
        ("2 Mar 2026, 09:15:00 UTC\u22125", "2026-03-02 14:15:00"),
        ("02.03.2026, 09:15:00 MEZ", "2026-03-02 08:15:00"),
        ("2. Juli 2026, 09:15:00 MESZ", "2026-07-02 07:15:00"),
        ("2 mars 2026 à 09:15:00 CET", "2026-03-02 08:15:00"),
        ("1 août 2025, 12:00:00 UTC+2", "2025-08-01 10:00:00"),
        ("2 de mar. de 2026, 09:15:00 BRT", "2026-03-02 12:15:00"),
        ("2 ene 2026, 9:15:00 p. m. CST", "2026-01-03 03:15:00"),
        ("2 giu 2026, 09:15:00 CEST", "2026-06-02 07:15:00"),
        ("2 mei 2026 09:15:00 CEST", "2026-05-02 07:15:00"),
        ("2 maj 2026, 09:15:00 CEST", "2026-05-02 07:15:00"),
        ("12 lip 2025, 12:00:00 CEST", "2025-07-12 10:00:00"),
        ("12. července 2025 9:05:06 SELČ", "2025-07-12 07:05:06"),
        ("2. kesäk. 2026 klo 9.15.00 EEST", "2026-06-02 06:15:00"),
        ("2 мар. 2026 г., 09:15:00 MSK", "2026-03-02 06:15:00"),
        ("2 Şub 2026 09:15:00 TRT", "2026-02-02 06:15:00"),
        ("2026/03/02 9:15:00 JST", "2026-03-02 00:15:00"),
        ("2026年3月2日 上午9:15:00 [GMT+8]", "2026-03-02 01:15:00"),
        ("2026年3月2日 下午9:15:00 GMT+8", "2026-03-02 13:15:00"),
        ("2026. 3. 2. 오후 9:15:00 KST", "2026-03-02 12:15:00"),
        ("2/17/2026 2:36:12 PM +01:00", "2026-02-17 13:36:12"),
        ("17/2/2026 14:36:12 GMT", "2026-02-17 14:36:12"),
        ("2026-02-17T14:36:11", "2026-02-17 14:36:11"),
    ],
)
def test_a_time_is_read_in_its_language_and_zone(text: str, expected: str) -> None:
    assert stamp(text) == expected


def test_the_month_stands_first_where_told_or_where_the_clock_is_american() -> None:
    assert stamp("3/2/2026 9:15:00 +00:00") == "2026-02-03 09:15:00"
    assert stamp("3/2/2026 9:15:00 AM +00:00") == "2026-03-02 09:15:00"
    assert stamp("3/2/2026 9:15:00 +00:00", month_first=True) == "2026-03-02 09:15:00"


def test_a_zone_that_is_not_known_is_said() -> None:
    assert [local_time(f"2 Mar 2026, 09:15:00{zone}") for zone in (" XYZT", "")] == [(1772442900000000, False)] * 2
    assert local_time("2 Mar 2026, 09:15:00 GMT") == (1772442900000000, True)


@pytest.mark.parametrize(
    "text", ["", "Mar 2, 2026", "9:15:00 AM", "hello 2026", "99.99.2026, 25:61:00", "2 Mar 1066, 09:15:00", "x" * 100]
)
def test_what_is_no_time_is_none(text: str) -> None:
    assert local_time(text) is None


@given(st.text("0123456789:./-+ ,GMTamp月日年Mar", max_size=40))
def test_anything_is_a_time_or_none(text: str) -> None:
    found = local_time(text)
    assert found is None or 0 < found.micros < 4_102_444_800_000_000
