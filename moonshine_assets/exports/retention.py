"""Sessions that an agent's own cleanup is going to delete before they are archived here.

In: a person's home folder and the archive. Out: one line a tool whose log folder is there. Nothing is written, and no
session is opened: ages are those of the files, as the tools themselves go by.
"""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from moonshine_assets.exports.zipped import is_zip
from moonshine_assets.gates import Verdict, broken, held
from moonshine_resources.atomic import read_json

#: Name of the check that warns, and how many days before.
ALARM = "agent_logs_kept"
ALARM_DAYS = 7
#: Days after which Claude Code deletes a session nobody has gone on with, unless `cleanupPeriodDays` says otherwise.
CLAUDE_CODE_DAYS = 30


class RetentionRisk(NamedTuple):
    """What a tool's cleanup threatens.

    Args:
        tool: the agent.
        folder: where its sessions are.
        oldest: last change of the oldest session that is not archived here, UTC; None when all are.
        days_left: whole days until the tool would delete that one (0: at its next start); None when no cleanup of the
            tool is known, it is switched off, or nothing is left to be archived.
        sessions: session files in the folder.
        not_archived: those of which the archive has no copy of the same name and size.
        note: what is known of the cleanup.
    """

    tool: str
    folder: str
    oldest: datetime | None
    days_left: int | None
    sessions: int
    not_archived: int
    note: str


class _Tool(NamedTuple):
    name: str
    #: Whose runs in the archive hold its sessions.
    provider: str
    #: Environment variable with its configuration folder, and that folder below the person's home otherwise.
    variable: str
    folder: str
    #: Its session files below that folder.
    sessions: str


_TOOLS = (
    _Tool("Claude Code", "claude_code", "CLAUDE_CONFIG_DIR", ".claude", "projects/**/*.jsonl"),
    _Tool("Codex", "codex", "CODEX_HOME", ".codex", "sessions/**/*.jsonl*"),
    _Tool("OpenClaw", "openclaw", "OPENCLAW_STATE_DIR", ".openclaw", "agents/*/sessions/*.jsonl"),
)


def retention(now: datetime, home_dir: Path, archive: Path | None = None) -> list[RetentionRisk]:
    """The risk of every agent whose session folder exists under a person's home.

    Args:
        now: the time, with zone.
        home_dir: the person's home folder; the tools' own environment variables win.
        archive: `archive/` of the data home; None: nothing is archived yet.
    """
    risks = []
    for tool in _TOOLS:
        given = os.environ.get(tool.variable)
        settings = Path(given).expanduser() if given else home_dir / tool.folder
        folder = settings / tool.sessions.split("*", 1)[0].rstrip("/")
        if folder.is_dir():
            days, note = _cleanup(tool, settings)
            risks.append(_risk(tool, folder, list(settings.glob(tool.sessions)), now, days, note, archive))
    return risks


def alarm(risks: list[RetentionRisk]) -> Verdict:
    """Is no session that is not archived about to be deleted? For a check that warns."""
    urgent = [risk for risk in risks if risk.days_left is not None and risk.days_left <= ALARM_DAYS]
    waiting = sum(risk.not_archived for risk in risks)
    if urgent:
        offenders = [
            {"tool": risk.tool, "days_left": risk.days_left, "not_archived": risk.not_archived, "folder": risk.folder}
            for risk in urgent
        ]
        reason = f"sessions are deleted within {ALARM_DAYS} days; take their folder in by `moonshine run FOLDER`"
        return broken(ALARM, reason, offenders, not_archived=waiting)
    return held(ALARM, f"nothing is deleted within {ALARM_DAYS} days that is not archived", not_archived=waiting)


def _risk(
    tool: _Tool, folder: Path, files: list[Path], now: datetime, days: int | None, note: str, archive: Path | None
) -> RetentionRisk:
    kept = set(_archived(archive, tool.provider)) if archive is not None else set()
    facts = [(file.name, stat) for file in files if (stat := _facts(file)) is not None]
    waiting = [stat.st_mtime for name, stat in facts if (name, stat.st_size) not in kept]
    oldest = datetime.fromtimestamp(min(waiting), UTC) if waiting else None
    left = None
    if oldest is not None and days is not None:
        left = max(0, (oldest + timedelta(days=days) - now).days)
    return RetentionRisk(tool.name, str(folder), oldest, left, len(facts), len(waiting), note)


def _facts(file: Path) -> os.stat_result | None:
    """How a session file looks; None when the agent has just taken it away."""
    try:
        return file.stat() if file.is_file() else None
    except FileNotFoundError:
        return None


def _cleanup(tool: _Tool, settings: Path) -> tuple[int | None, str]:
    """Days until the tool deletes a session, and what is known of that."""
    if tool.provider != "claude_code":
        return None, "no cleanup of its own is known"
    try:
        said = json.loads((settings / "settings.json").read_bytes())
    except (OSError, ValueError):
        said = None
    days = said.get("cleanupPeriodDays") if isinstance(said, dict) else None
    if isinstance(days, bool) or not isinstance(days, int | float) or days < 0:
        return CLAUDE_CODE_DAYS, f"deletes sessions after {CLAUDE_CODE_DAYS} days, its default"
    if days == 0:
        # It then writes no sessions any more, and leaves those that are there.
        return None, "cleanupPeriodDays is 0: no session is kept from now on, older ones stay"
    return int(min(days, 10**6)), f"deletes sessions after {days:g} days (cleanupPeriodDays)"


def _archived(archive: Path, provider: str) -> Iterator[tuple[str, int]]:
    """Name and size of every session file in the archive: of the provider's runs, and archived live sessions."""
    for raw in archive.glob(f"{provider}/*/raw/*"):
        if raw.name.startswith("."):
            continue
        if raw.is_dir():
            yield from _files(raw)
            continue
        with raw.open("rb") as stream:
            packed = is_zip(stream.read(4))
        if packed:
            with zipfile.ZipFile(raw) as members:
                yield from ((PurePosixPath(info.filename).name, info.file_size) for info in members.infolist())
        else:
            yield _given_name(archive, provider, raw), raw.stat().st_size
    yield from _files(archive / "sessions" / "raw")


def _files(folder: Path) -> Iterator[tuple[str, int]]:
    return ((file.name, file.stat().st_size) for file in folder.rglob("*") if file.is_file())


def _given_name(archive: Path, provider: str, raw: Path) -> str:
    """A single file is archived under its hash; its run's lock has the name it came with."""
    lock = archive.parent / "reports" / "providers" / provider / raw.parent.parent.name / "source_lock.json"
    record: dict[str, Any] = read_json(lock) if lock.exists() else {}
    return str(record.get("source_path", raw.name))


def shown(risks: list[RetentionRisk]) -> list[dict[str, Any]]:
    """The risks as `moonshine status` prints them."""
    return [
        {**risk._asdict(), "oldest": risk.oldest.isoformat(timespec="seconds") if risk.oldest else None}
        for risk in risks
    ]
