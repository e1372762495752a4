"""The pictures beside the corpus report, in `reports/visuals/`."""

from __future__ import annotations

from pathlib import Path

import duckdb

from moonshine_assets.gates import rows
from moonshine_assets.reports.quotable import Quotable
from moonshine_resources.atomic import atomic_file
from moonshine_resources.home import Home


def draw_visuals(connection: duckdb.DuckDBPyConnection, home: Home) -> list[Path]:
    """Write the pictures, only those whose bytes change; their paths.

    Args:
        connection: the mash.
        home: with the main ledger and the distillation manifest.

    Raises:
        GateFailed: one of these is missing.
    """
    # Matplotlib takes most of a second to import, which only this stage should cost.
    from moonshine_assets.reports import charts

    by_month = rows(connection, Path(__file__).with_name("months.sql").read_text("utf-8"))
    drawn = {
        "ledger_waterfall.png": charts.ledger_waterfall(Quotable.read(home, home.token_ledger).document),
        "messages_by_month.png": charts.messages_by_month(by_month),
        "lanes.png": charts.lanes(Quotable.read(home, home.distillation_manifest).document["lanes"]),
    }
    paths = []
    for name, picture in drawn.items():
        path = home.visuals / name
        if not path.exists() or path.read_bytes() != picture:
            with atomic_file(path) as stream:
                stream.write(picture)
        paths.append(path)
    return paths
