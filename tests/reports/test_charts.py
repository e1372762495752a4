"""The pictures: equal figures are equal bytes, wide enough to read, and no figures are no failure."""

from __future__ import annotations

import struct
from typing import Any

import matplotlib
import pytest

from moonshine_assets.ledger.record import COUNTERS
from moonshine_assets.reports import charts
from moonshine_assets.reports.visuals import draw_visuals
from reports.state import State

LEDGER: dict[str, Any] = {
    "tokenizer": "o200k_base",
    **dict(zip(COUNTERS, (18_293_480, 9_482_113, 8_120_334, 6_400_122), strict=True)),
    "waterfall": [
        {"from_counter": COUNTERS[0], "to_counter": COUNTERS[1], "reason": "system_text", "tokens": 8_811_367},
        {"from_counter": COUNTERS[1], "to_counter": COUNTERS[2], "reason": "empty", "tokens": 0},
        {"from_counter": COUNTERS[1], "to_counter": COUNTERS[2], "reason": "exact_duplicate", "tokens": 1_361_779},
        {"from_counter": COUNTERS[2], "to_counter": COUNTERS[3], "reason": "side_branch", "tokens": 1_720_212},
    ],
}
EMPTY_LEDGER = {"tokenizer": "o200k_base", **dict.fromkeys(COUNTERS, 0), "waterfall": []}
NO_LANE = {"dpo": {"rows": 0, "candidates": 0, "dropped": {}}}


def width(png: bytes) -> int:
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    return int(struct.unpack(">I", png[16:20])[0])


def month(name: str | None, messages: int, provider: str = "chatgpt") -> dict[str, Any]:
    return {"month": name, "provider": provider, "messages": messages}


@pytest.mark.parametrize(
    "picture",
    [
        charts.ledger_waterfall(LEDGER),
        charts.ledger_waterfall(EMPTY_LEDGER),
        charts.messages_by_month([month("2024-03", 7), month(None, 3), month("2024-05", 9, "claude")]),
        charts.messages_by_month([]),
        charts.lanes({"dpo": {"rows": 3, "candidates": 20, "dropped": {"a": 9, "b": 5, "c": 3}}}),
        charts.lanes(NO_LANE),
    ],
)
def test_a_picture_is_drawn_twice_as_fine_as_it_is_shown(picture: bytes) -> None:
    assert width(picture) == 2_000


def test_equal_figures_are_equal_bytes_whatever_the_users_settings() -> None:
    first = charts.ledger_waterfall(LEDGER)
    with matplotlib.rc_context({"font.size": 20, "axes.facecolor": "black"}):
        assert charts.ledger_waterfall(LEDGER) == first
    assert charts.ledger_waterfall(EMPTY_LEDGER) != first


def test_bytes_tell_no_time_and_no_version() -> None:
    picture = charts.lanes(NO_LANE)
    assert all(word not in picture for word in (b"tEXt", b"tIME", b"matplotlib"))


@pytest.mark.parametrize(
    ("months", "shown"),
    [
        ([], []),
        (["2024-03"], ["2024-03"]),
        (["2024-02", "2023-11"], ["2023-11", "2023-12", "2024-01", "2024-02"]),
        (["1970-01", "2026-01", "2026-02"], ["1970-01", "…", "2026-01", "2026-02"]),
    ],
)
def test_months_without_messages_keep_their_place_and_gaps_of_years_are_cut(
    months: list[str], shown: list[str]
) -> None:
    assert charts._calendar(months) == shown


def test_labels_of_many_months_fall_on_the_same_months_of_each_year() -> None:
    months = charts._calendar(f"{year}-{month}" for year in range(2020, 2026) for month in ("02", "11"))
    labels = [months[rank] for rank in charts._labelled(months)]
    assert len(labels) <= 24
    assert {label[5:] for label in labels} == {"01", "04", "07", "10"}


def test_drawing_again_leaves_the_files_untouched(made: State) -> None:
    made.manifests()
    paths = draw_visuals(made.connection, made.home)
    before = [path.stat().st_mtime_ns for path in paths]
    assert [path.stat().st_mtime_ns for path in draw_visuals(made.connection, made.home)] == before
    paths[0].write_bytes(b"half a picture")
    assert width(draw_visuals(made.connection, made.home)[0].read_bytes()) == 2_000
