"""`moon distill`, `moon chain`: what archived sessions leave behind, and which went on from which."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import click
import msgspec

from moonshine_assets.cli.options import as_json, at_home
from moonshine_assets.cli.outcome import FAILED, OK, exiting, say
from moonshine_assets.cli.progress_bar import progress_bar
from moonshine_assets.cli.show import console, table
from moonshine_assets.errors import BadInput
from moonshine_assets.sessions.archive import key_of_record, records
from moonshine_assets.sessions.configuration import load
from moonshine_assets.sessions.continuity import chain as chain_of
from moonshine_assets.sessions.contracts import ArchiveRecord
from moonshine_assets.sessions.daily.synthesis import synthesise
from moonshine_assets.sessions.distillation.pending import Done, distill_pending
from moonshine_assets.sessions.settings import Settings
from moonshine_resources import clock
from moonshine_resources.home import Home

_DISTILLED = ("session", "by", "summary", "offered")
_CHAIN = ("tool", "source_session_id", "target_session_id", "linked_at", "map_path")


@click.command()
@click.argument("session", required=False)
@click.option(
    "--mode",
    type=click.Choice(["norm", "syns"]),
    default="norm",
    show_default=True,
    help="norm: archived sessions that wait for it; syns: yesterday into memory.md, once a day.",
)
@at_home
@as_json
@exiting
def distill(session: str | None, mode: str, home_dir: Path | None, as_json: bool) -> int:
    """Note what must not be forgotten of archived sessions, or of SESSION: its id, its beginning, or `provider:id`."""
    home = Home.at(home_dir)
    settings = load(home.moon_config, os.environ).settings
    now = int(clock.now().timestamp())
    if mode == "syns":
        return _synthesised(home, settings, now, as_json)
    chosen = None if session is None else [_archive_of(home, session)]
    with progress_bar("distill"):
        done = list(distill_pending(home, settings, os.environ, now, chosen))
    rows = [_row(home, one) for one in done if one.error is None]
    if as_json:
        click.echo(json.dumps({"distilled": rows, "failed": len(done) - len(rows)}, ensure_ascii=False, indent=2))
    else:
        console().print(table("Distilled", rows, _DISTILLED))
    for one in done:
        if one.error is not None:
            say(one.error.inside(key_of_record(one.record)))
    return FAILED if any(one.error for one in done) else OK


@click.command()
@click.argument("session")
@at_home
@as_json
@exiting
def chain(session: str, home_dir: Path | None, as_json: bool) -> int:
    """Walk back from SESSION to the first one that it goes on from."""
    tool, _, name = session.rpartition(":")
    walked = [msgspec.to_builtins(link) for link in chain_of(Home.at(home_dir), name, tool or None)]
    if as_json:
        click.echo(json.dumps({"session": session, "chain": walked}, ensure_ascii=False, indent=2))
    else:
        console().print(table(f"Chain of {session}", walked, _CHAIN))
    return OK


def _synthesised(home: Home, settings: Settings, now: int, as_json: bool) -> int:
    done = synthesise(home, settings, os.environ, now)
    row: dict[str, Any] = {**done._asdict(), "day": done.day.isoformat()}
    if as_json:
        click.echo(json.dumps(row, ensure_ascii=False, indent=2))
    else:
        console().print(table("Memory", [row], tuple(row)))
    return OK


def _archive_of(home: Home, session: str) -> ArchiveRecord:
    """The newest archive of the one session that is meant."""
    newest = {key_of_record(record): record for record in records(home)}
    meant = [key for key in newest if session in (key, key.partition(":")[2])]
    meant = meant or [key for key in newest if key.startswith(session) or key.partition(":")[2].startswith(session)]
    if len(meant) != 1:
        what = f"{len(meant)} archived sessions are called {session!r}" if meant else f"no archive of {session!r}"
        raise BadInput(what, fix="`moon status` lists sessions; `moon snapshot` archives them")
    return newest[meant[0]]


def _row(home: Home, one: Done) -> dict[str, Any]:
    assert one.distillation is not None
    return {
        "session": key_of_record(one.record),
        "by": one.distillation.provider,
        "summary": one.distillation.summary_path,
        "offered": "" if one.offer is None else one.offer.relative_to(home.root).as_posix(),
    }
