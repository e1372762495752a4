"""`moonshine forget`: conversations out of everything of the home, and the proof of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from moonshine_assets.cli import show
from moonshine_assets.cli.options import as_json, at_home
from moonshine_assets.cli.outcome import FAILED, OK, exiting, say_line
from moonshine_assets.cli.progress_bar import progress_bar
from moonshine_assets.errors import BadInput
from moonshine_assets.exports.forgotten import Conversation
from moonshine_assets.forget.forget import Plan, begin, carry_out, plan, prove
from moonshine_assets.forget.intent import Intent, pending
from moonshine_assets.forget.stage_run import conversations_of
from moonshine_resources import clock
from moonshine_resources.home import Home
from moonshine_resources.tokenizer.counter import load


@click.command()
@click.option("--conversation", "names", multiple=True, metavar="PROVIDER/ID", help="What to forget; may be repeated.")
@click.option("--run", "run_ids", multiple=True, metavar="RUN_ID", help="Every conversation of this run.")
@click.option("--continued", is_flag=True, help="Also those that were resumed or forked from them.")
@at_home
@as_json
@click.option("--dry-run", is_flag=True, help="Say what would go; change nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--reason", default="asked for", show_default=True, help="Why, for the journal. Kept: name no names.")
@exiting
def forget(
    names: tuple[str, ...],
    run_ids: tuple[str, ...],
    continued: bool,
    home_dir: Path | None,
    as_json: bool,
    dry_run: bool,
    yes: bool,
    reason: str,
) -> int:
    """Remove conversations from everything of the home, keep them out, and search every file for them.

    Without names: complete a forgetting that was broken off.
    """
    home = Home.at(home_dir)
    if not names and not run_ids:
        if pending(home) is None:
            raise BadInput("nothing to forget", fix="name it: --conversation PROVIDER/CONVERSATION_ID, or --run RUN_ID")
        return _completed(home)
    if not dry_run:
        finish_pending(home)
    wanted = [_named(name) for name in names]
    for run_id in run_ids:
        wanted += conversations_of(home, run_id)
    with progress_bar("looking for it"):
        found = plan(home, wanted)
        if continued:
            while found.continued_by:
                found = plan(home, [*found.conversations, *found.continued_by])
    _print(found, as_json=as_json)
    if found.continued_by:
        raise BadInput(
            f"{len(found.continued_by)} conversations go on from it and repeat it",
            where=", ".join(map(str, found.continued_by[:5])),
            fix="name them too, or give --continued",
        )
    if dry_run:
        return OK
    if not yes and not found.known:
        click.confirm("This cannot be undone. Forget them?", abort=True, err=True)
    begin(home, found, reason=reason, moment=clock.now())
    return _completed(home)


def finish_pending(home: Home) -> None:
    """Complete a forgetting that was broken off, before anything else is written.

    Raises:
        MoonshineError: it cannot be completed.
    """
    if pending(home) is not None:
        click.echo("a forgetting was broken off; it is completed first", err=True)
        _completed(home)


def _completed(home: Home) -> int:
    intent = pending(home)
    assert intent is not None
    with progress_bar("forgetting"):
        swept = carry_out(home, intent, load(home.vocabulary_folder))
    code = _distil(home)
    with progress_bar("proving"):
        found, given = prove(home, intent)
    for word, count in swept.items():
        click.echo(f"{count} {word}")
    _tell_inbox(home, given)
    if found:
        lines = [
            {"file": str(place.file.relative_to(home.root)), "inside": place.inside, "found": place.needle}
            for place in found
        ]
        show.console().print(show.table("Still there", lines))
        say_line(f"{len(found)} places still carry what was forgotten; take these files away or report them")
        return FAILED
    click.echo(f"{len(intent.conversations)} conversations forgotten: {_searched(intent)}")
    return code


def _searched(intent: Intent) -> str:
    fragments = len(intent.fragments)
    return f"no file of the home holds their ids or any of {fragments} fragments of their texts"


def _tell_inbox(home: Home, given: list[Path]) -> None:
    for path in given:
        click.echo(
            f"{path.relative_to(home.root)} still holds them: the inbox is yours and is not changed. Taken in again, it"
            " comes without them"
        )


def _distil(home: Home) -> int:
    """Ledger, slice, lanes and reports of what is left."""
    # The definitions load Dagster and every asset: only what executes them pays for that.
    from moonshine_assets.cli.rollback import distil_again, holds_runs

    if not home.mash.exists() or not holds_runs(home):
        return OK
    return distil_again(home)


def _named(name: str) -> Conversation:
    provider, slash, conversation_id = name.partition("/")
    if not slash or not conversation_id:
        raise BadInput(f"{name!r} names no conversation", fix="name it PROVIDER/CONVERSATION_ID")
    return Conversation(provider, conversation_id)


def _print(found: Plan, *, as_json: bool) -> None:
    lines: list[dict[str, Any]] = [
        {
            "conversation": str(conversation),
            "messages": found.messages.get(conversation),
            "runs": len(found.runs),
            "snapshots": len(found.snapshots),
        }
        for conversation in found.conversations
    ]
    if as_json:
        click.echo(
            json.dumps(
                {
                    "conversations": lines,
                    "runs": found.runs,
                    "snapshots": found.snapshots,
                    "continued_by": list(map(str, found.continued_by)),
                }
            )
        )
    else:
        show.console().print(show.table("To be forgotten", lines))
        show.console().print(f"from {len(found.runs)} runs: {', '.join(found.runs) or 'none'}", highlight=False)
