"""After 100,000 ticks of the sensor over live sessions its page comes as quickly as before: it asks for the newest."""

from __future__ import annotations

import sqlite3
import statistics
import time
from pathlib import Path

import pytest
from serving import Server, served

from moonshine_resources.home import Home

TICKS = 100_000
_SENSOR = '{repositoryName: "__repository__", repositoryLocationName: "moonshine", sensorName: "session_usage"}'
#: What the page of a sensor asks for.
_PAGE = f"""
{{ sensorOrError(sensorSelector: {_SENSOR}) {{ __typename ... on Sensor {{ name sensorState {{
    status ticks(limit: 25) {{ id status timestamp skipReason runIds }} runs(limit: 10) {{ id status }}
}} }} }} }}
"""
#: The newest tick that was really made, so many times, each 30 s before the one before.
_COPIES = """
WITH RECURSIVE copies(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM copies WHERE n < ?)
INSERT INTO job_ticks (job_origin_id, selector_id, status, type, timestamp, tick_body)
SELECT job_origin_id, selector_id, status, type, datetime(timestamp, '-' || (n * 30) || ' seconds'), tick_body
FROM copies, (SELECT * FROM job_ticks WHERE job_origin_id = ? ORDER BY id DESC LIMIT 1)
"""


def ticks_of(server: Server) -> list[dict[str, object]]:
    answer = server.ask(_PAGE)["sensorOrError"]
    return list(answer["sensorState"]["ticks"]) if answer["__typename"] == "Sensor" else []


def seconds(server: Server) -> float:
    """How long the page takes, the median of nine."""
    taken = []
    for _ in range(9):
        begun = time.monotonic()
        assert ticks_of(server)
        taken.append(time.monotonic() - begun)
    return statistics.median(taken)


@pytest.mark.slow
def test_a_page_with_a_hundred_thousand_ticks_comes_as_quickly_as_one_with_a_few(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = Home.at(tmp_path / "home")
    with served(home, tmp_path / "ui.log") as server:
        server.until(server.answers)
        server.until(lambda: ticks_of(server))
        few = seconds(server)
        with sqlite3.connect(home.dagster / "schedules" / "schedules.db", timeout=60) as database:
            (origin,) = database.execute(
                "SELECT job_origin_id FROM job_ticks WHERE tick_body LIKE '%\"session_usage\"%' ORDER BY id DESC"
            ).fetchone()
            database.execute(_COPIES, (TICKS, origin))
            (number,) = database.execute("SELECT count(*) FROM job_ticks WHERE job_origin_id = ?", (origin,)).fetchone()
        many = seconds(server)
        assert number > TICKS
        assert len(ticks_of(server)) == 25
    with capsys.disabled():
        print(f"\npage of the sensor: {few:.3f} s with a few ticks, {many:.3f} s with {number:,}")
    assert many < 3 * few + 0.25
