"""Tables and figures for the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from moonshine_assets.cli.printable import printable


def console() -> Console:
    """Standard output; wide enough for tables when it is not a terminal."""
    out = Console()
    return out if out.is_terminal else Console(width=200)


def table(title: str, rows: Sequence[dict[str, Any]], columns: Sequence[str] | None = None) -> Table:
    """Rows as a table; numbers right-aligned with thousands separators."""
    names = list(columns or dict.fromkeys(name for row in rows for name in row))
    shown = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, title_style="bold")
    for name in names:
        numeric = any(isinstance(row.get(name), int | float) for row in rows)
        shown.add_column(
            name.replace("_", " "), justify="right" if numeric else "left", overflow="fold", no_wrap=name == "run"
        )
    for row in rows:
        # Text, not markup: a file may be called "[bold]".
        shown.add_row(*(Text(cell(row.get(name))) for name in names))
    return shown


def cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    return printable(str(value))
