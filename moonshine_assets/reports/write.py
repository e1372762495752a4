"""Markdown reports on disk: tables, and files that keep their bytes while what they say stays the same."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from moonshine_resources.atomic import write_text

_GENERATED = "\n\nGenerated at "


def write_markdown_keeping(path: Path, body: str, generated_at: str) -> str:
    """Write a report, its time in the last line, unless the file already says the same; the text in the file."""
    if says(path, body):
        return path.read_text("utf-8")
    text = f"{body.rstrip()}{_GENERATED}{generated_at}.\n"
    write_text(path, text)
    return text


def says(path: Path, body: str) -> bool:
    """Whether the report at `path` has this body, whenever it was written."""
    return path.exists() and path.read_text("utf-8").rpartition(_GENERATED)[0] == body.rstrip()


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    """Lines of a Markdown table; whole numbers with thousands separators and to the right, None as a dash."""
    body = [list(row) for row in rows]
    numeric = [
        bool(body) and all(isinstance(row[rank], int) or row[rank] is None for row in body)
        for rank in range(len(header))
    ]
    lines = ["| " + " | ".join(header) + " |", "|" + "|".join("---:" if right else "---" for right in numeric) + "|"]
    lines += ["| " + " | ".join(map(_cell, row)) + " |" for row in body]
    return lines


def _cell(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, int):
        return f"{value:,}"
    return str(value).replace("|", "\\|").replace("\n", " ")
