"""`moon snapshot`, `moon index`, `moon export`, `moon restore`: into the archive and the index, and out of them."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from msgspec.structs import replace

from moonshine_assets.cli.options import as_json, at_home
from moonshine_assets.cli.outcome import FAILED, OK, exiting, say
from moonshine_assets.cli.progress_bar import progress_bar
from moonshine_assets.cli.sessions import Problem
from moonshine_assets.cli.show import console, table
from moonshine_assets.errors import BadInput, MoonshineError
from moonshine_assets.sessions.archive import (
    archive_session,
    key_of_record,
    latest_record,
    records,
    restore_session,
    verify_archive,
)
from moonshine_assets.sessions.archive.exporting import export_sessions, withdraw_taken_in
from moonshine_assets.sessions.configuration import load
from moonshine_assets.sessions.contracts import ArchiveRecord
from moonshine_assets.sessions.recall import index_archive, index_texts, rebuild_index, verify_index
from moonshine_assets.sessions.recall.second import update_qmd
from moonshine_assets.sessions.settings import Settings
from moonshine_assets.sessions.usage.collect import Look, collect
from moonshine_assets.sessions.usage.reading import Reading
from moonshine_resources import clock
from moonshine_resources.home import Home
from moonshine_resources.tokenizer import load as load_counter

_COLUMNS = ("session", "content", "size", "left_out", "archive")
#: A session that is asked for by name is looked for however long ago it was gone on with.
_EVER = 100 * 365 * 86_400


@click.command()
@click.argument("session", required=False)
@at_home
@as_json
@exiting
def snapshot(session: str | None, home_dir: Path | None, as_json: bool) -> int:
    """Archive and index every live session now, or one: SESSION is its id, the beginning of it, or `provider:id`."""
    home = Home.at(home_dir)
    settings = load(home.moon_config, os.environ).settings
    readings, problems = _looked_for(home, settings, session)
    rows: list[dict[str, Any]] = []
    failed = bool(problems)
    for problem in problems:
        say(MoonshineError(problem.what, where=problem.where or problem.provider))
    with progress_bar("snapshot"):
        for reading in readings:
            try:
                rows.append(_archived(home, settings, reading))
            except MoonshineError as error:
                say(error.inside(reading.key))
                failed = True
        failed |= bool(rows) and not _qmd_is_current(home, settings)
    _shown("Archived", rows, as_json)
    return FAILED if failed else OK


@click.command()
@at_home
@click.option("--rebuild", is_flag=True, help="Make the index anew from the archived texts.")
@click.option("--verify", is_flag=True, help="Read every archived session back, and find it in the index.")
@as_json
@exiting
def index(home_dir: Path | None, rebuild: bool, verify: bool, as_json: bool) -> int:
    """Bring the index up to date with the archived texts."""
    home = Home.at(home_dir)
    settings = load(home.moon_config, os.environ).settings
    with progress_bar("index"):
        done = rebuild_index(home) if rebuild else index_texts(home)
        faults = list(_faults(home)) if verify else []
        failed = bool(faults) or not _qmd_is_current(home, settings)
    if as_json:
        click.echo(json.dumps({**done._asdict(), "faults": faults}, ensure_ascii=False))
    else:
        again = ", made anew" if done.rebuilt else ""
        click.echo(f"{done.parts:,} parts and {done.passages:,} passages added{again}")
    return FAILED if failed else OK


@click.command()
@click.argument("session")
@click.option("--to", type=click.Path(path_type=Path), required=True, help="A folder that is empty or not there.")
@click.option("--hash", "content_hash", help="A content hash of the session, or its beginning; default: the newest.")
@at_home
@exiting
def restore(session: str, to: Path, content_hash: str | None, home_dir: Path | None) -> int:
    """Write an archived session's files below a folder, as they lay in their agent's folder."""
    home = Home.at(home_dir)
    found = [one for one in records(home) if _is_meant(session, key_of_record(one))]
    if content_hash:
        found = [one for one in found if one.content_hash.startswith(content_hash)]
    if not found:
        raise BadInput("no such session in the archive", where=session, fix="`moon recall` names sessions it finds")
    if len({key_of_record(one) for one in found}) > 1:
        raise BadInput("more than one session begins so", where=session, fix="give more of the id")
    for path in restore_session(home, found[-1], to.expanduser().absolute()):
        click.echo(str(path))
    return OK


@click.command()
@click.argument("session", required=False)
@at_home
@as_json
@exiting
def export(session: str | None, home_dir: Path | None, as_json: bool) -> int:
    """Put archived sessions that have come to rest into the inbox, or SESSION as it is; the pipeline takes them in."""
    home = Home.at(home_dir)
    told = load(home.moon_config, os.environ).settings.export
    keys = None
    if session is not None:
        keys = frozenset(key for record in records(home) if _is_meant(session, key := key_of_record(record)))
        if not keys:
            raise BadInput("no such session in the archive", where=session, fix="archive it first: `moon snapshot`")
    with progress_bar("export"):
        made = export_sessions(home, int(clock.now().timestamp()), told, keys)
        withdraw_taken_in(home)
    rows = [{"file": one.file, "sessions": len(one.sessions)} for one in made]
    if as_json:
        click.echo(json.dumps({"exports": rows}))
    else:
        console().print(table("Exports", rows, ("file", "sessions")))
    return OK


def _qmd_is_current(home: Home, settings: Settings) -> bool:
    """Bring QMD up to date where it is switched on; that it fails is said, and takes nothing from the archive."""
    try:
        update_qmd(home, settings)
    except MoonshineError as error:
        say(error.inside("QMD"))
        return False
    return True


def _looked_for(home: Home, settings: Settings, session: str | None) -> tuple[list[Reading], list[Problem]]:
    if session is not None:
        settings = replace(settings, watcher=replace(settings.watcher, active_within_secs=_EVER))
    now = int(clock.now().timestamp())
    found = collect(Look(settings, os.environ, now, lambda: load_counter(home.vocabulary_folder)))
    if session is None:
        return found.readings, found.problems
    meant = [reading for reading in found.readings if _is_meant(session, reading.key)]
    if not meant:
        raise BadInput("no such session", where=session, fix="`moon usage` lists those that are live")
    if len(meant) > 1:
        raise BadInput("more than one session begins so", where=session, fix="give more of the id")
    return meant, []


def _is_meant(session: str, key: str) -> bool:
    return key.startswith(session) if ":" in session else key.partition(":")[2].startswith(session)


def _archived(home: Home, settings: Settings, reading: Reading) -> dict[str, Any]:
    record = archive_session(home, settings, reading)
    size = verify_archive(home, record).size_bytes
    index_archive(home, record)
    verify_index(home, record)
    return {
        "session": reading.key,
        "content": record.content_hash[:16],
        "size": size,
        "left_out": record.projection_filtered_noise_count,
        "archive": record.archive_path,
        "record": record,
    }


def _faults(home: Home) -> Iterator[dict[str, str]]:
    """Archived sessions that do not read back, or are not found; each is told on standard error."""
    seen: set[str] = set()
    for record in records(home):
        try:
            verify_archive(home, record)
            if key_of_record(record) not in seen:
                seen.add(key_of_record(record))
                verify_index(home, _newest(home, record))
        except MoonshineError as error:
            say(error.inside(key_of_record(record)))
            yield {"session": key_of_record(record), "content": record.content_hash, "problem": error.what}


def _newest(home: Home, record: ArchiveRecord) -> ArchiveRecord:
    return latest_record(home, record.session_id, key_of_record(record).partition(":")[0]) or record


def _shown(title: str, rows: list[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        from moonshine_assets.sessions.contracts import to_json

        records_shown = [json.loads(to_json(row["record"])) for row in rows]
        click.echo(json.dumps({"records": records_shown}, ensure_ascii=False, indent=2))
    else:
        console().print(table(title, rows, _COLUMNS))
