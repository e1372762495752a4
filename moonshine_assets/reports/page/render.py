"""The page's bytes, and the page on disk."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from moonshine_assets.reports.page.facts import Fact
from moonshine_resources.atomic import write_text
from moonshine_resources.home import Home

_HERE = Path(__file__).parent
_WRITTEN = re.compile(r"Written by Moonshine at [^.<]*\.")


def page(values: dict[str, Any], generated_at: str) -> str:
    """The HTML; everything that comes from archives is escaped, and the page's own policy lets no script run."""
    environment = Environment(
        loader=FileSystemLoader(_HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"number": _number, "percent": _percent, "words": _words, "cell": _cell}
    environment.filters["is_numeric"] = _is_numeric
    style = (_HERE / "style.css").read_text("utf-8")
    template = environment.get_template("page.html.jinja")
    return template.render(**values, style=environment.filters["safe"](style), generated_at=generated_at)


def write_page(home: Home, values: dict[str, Any], generated_at: str) -> str:
    """Write `reports/report.html` unless it says the same already; the text in the file."""
    made = page(values, generated_at)
    if home.report_page.exists():
        before = home.report_page.read_text("utf-8")
        if _WRITTEN.sub("", before) == _WRITTEN.sub("", made):
            return before
    write_text(home.report_page, made)
    return made


def _number(value: int | float | None) -> str:
    if value is None:
        return "–"
    return f"{value:,}" if isinstance(value, int) else f"{value:,.4g}"


def _percent(value: float) -> str:
    return f"{100 * value:.1f} %"


def _words(name: str) -> str:
    return str(name).replace("_", " ")


def _cell(value: Any) -> str:
    return "–" if value is None else str(value)


def _is_numeric(fact: Fact, column: str) -> bool:
    values = [row[column] for row in fact.rows if row[column] is not None]
    return bool(values) and all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)
