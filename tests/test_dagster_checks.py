"""What the UI shows of tables."""

from __future__ import annotations

from moonshine_assets.dagster_checks import table_metadata


def test_a_long_table_is_shown_from_its_beginning_and_says_how_much_is_left_out() -> None:
    shown = str(table_metadata([{"file": f"{rank}.jsonl", "nodes": 1000} for rank in range(1500)]).value).splitlines()
    assert shown[:3] == ["| file | nodes |", "|---|---|", "| 0.jsonl | 1,000 |"]
    assert shown[-3:] == ["| 199.jsonl | 1,000 |", "", "and 1,300 more rows"]
