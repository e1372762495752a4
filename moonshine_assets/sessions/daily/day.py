"""`memory/YYYY-MM-DD.md`: what the sessions of a day were about, a section each, every statement with its source."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from moonshine_assets.errors import Corruption
from moonshine_assets.sessions.daily.sections import harmless, names, put
from moonshine_assets.sessions.distillation.statements import KINDS, Kind, Statement
from moonshine_assets.sessions.distillation.summary import Summary
from moonshine_assets.sessions.settings import Settings
from moonshine_resources.atomic import write_text
from moonshine_resources.home import Home

MARK = "MOON_SESSION"
HEADINGS: dict[Kind, str] = {
    "rule": "Rules",
    "decision": "Decisions",
    "milestone": "Done",
    "open": "Open",
    "number": "Numbers",
    "path": "Files",
    "command": "Commands",
    "error": "Errors",
}


def day_of(settings: Settings, moment: int) -> date:
    """The day of an epoch second where the person lives."""
    return datetime.fromtimestamp(moment, ZoneInfo(settings.distill.residential_timezone)).date()


def memory_of(home: Home, day: date) -> Path:
    return home.memory / f"{day:%Y-%m-%d}.md"


def remember(home: Home, settings: Settings, summary: Summary) -> Path:
    """Put a summary into the memory of its day, in place of what stood there of the same session.

    A session distilled again on another day has a section in both days' files.

    Raises:
        Corruption: its section has lost a mark.
    """
    day = day_of(settings, summary.generated_at_epoch_secs)
    path = memory_of(home, day)
    text = path.read_text("utf-8") if path.exists() else f"# {day:%Y-%m-%d}\n"
    try:
        made = put(
            text, MARK, section_name(summary.key), section(summary, ZoneInfo(settings.distill.residential_timezone))
        )
    except Corruption as error:
        raise error.inside(str(path)) from error
    if not path.exists() or made != text:
        write_text(path, made)
    return path


def section_name(key: str) -> str:
    """A session's key as the name of a section: ids of OpenClaw may hold anything."""
    return "".join(one if one.isalnum() or one in ":._-" else "_" for one in key)


def sections_of(path: Path) -> list[str]:
    """Names of the sessions a day's memory has a section of."""
    return names(path.read_text("utf-8"), MARK) if path.exists() else []


def section(summary: Summary, zone: ZoneInfo) -> str:
    """A summary as Markdown."""
    time = datetime.fromtimestamp(summary.generated_at_epoch_secs, zone)
    by = f"distilled by {harmless(summary.distiller)} at {time:%Y-%m-%d %H:%M %Z}"
    lines = [
        f"## {harmless(summary.key)}",
        "",
        f"Archive `{harmless(summary.archive_path)}`, {summary.messages} messages, {by}.",
    ]
    if summary.place:
        lines.append(f"Place `{harmless(summary.place)}`.")
    if not summary.statements:
        lines.append("Nothing worth keeping was found.")
    for kind in KINDS:
        of_kind = [one for one in summary.statements if one.kind == kind]
        if of_kind:
            lines += ["", f"### {HEADINGS[kind]}", "", *(_line(one, zone) for one in of_kind)]
    return "\n".join(lines)


def _line(statement: Statement, zone: ZoneInfo) -> str:
    text = harmless(statement.text)
    if statement.kind in ("path", "command"):
        text = f"`{text}`" if "`" not in text else f"`` {text} ``"
    time = "" if statement.at is None else f", {datetime.fromtimestamp(statement.at, zone):%Y-%m-%d %H:%M}"
    return f"- {text} [{', '.join(map(harmless, statement.message_ids))}{time}]"
