"""`moon recall`: what archived sessions say about a question. It loads nothing that it does not need."""

from __future__ import annotations

import os
from pathlib import Path

import click

from moonshine_assets.cli.options import as_json, at_home
from moonshine_assets.cli.outcome import OK, exiting
from moonshine_assets.cli.printable import printable
from moonshine_assets.errors import BadInput
from moonshine_assets.sessions.configuration import load
from moonshine_assets.sessions.contracts import to_json
from moonshine_assets.sessions.recall.find import recall as recalled
from moonshine_assets.sessions.recall.quoted import packed, quoted
from moonshine_resources.home import Home

#: Matches that are looked at for a pack; it is full before.
_FOR_A_PACK = 60


@click.command()
@click.option("--query", required=True, help="A question, words, or things as they are written: paths, flags, numbers.")
@click.option("--limit", default=5, show_default=True, type=click.IntRange(1, 200), help="Matches at most.")
@click.option("--session", help="Only of this session (its id, or `provider:id`) and its sub-agents.")
@click.option("--pack", "budget", type=click.IntRange(min=50), help="As much as goes into so many tokens (o200k).")
@at_home
@as_json
@exiting
def recall(
    query: str, limit: int, session: str | None, budget: int | None, home_dir: Path | None, as_json: bool
) -> int:
    """What archived sessions say about a question, best first, quoted with file, line and time."""
    home = Home.at(home_dir)
    settings = load(home.moon_config, os.environ).settings
    if not query.strip():
        raise BadInput("there is nothing to look for", fix="give words or a question with --query")
    session_id = session.partition(":")[2] if session and ":" in session else session
    result = recalled(home, settings, query, _FOR_A_PACK if budget else limit, session_id)
    if as_json and not budget:
        click.echo(to_json(result).decode())
        return OK
    text = quoted(result)
    if budget:
        from moonshine_resources.tokenizer import load as load_counter

        text = packed(result, budget, load_counter(home.vocabulary_folder).count)
    click.echo("\n".join(map(printable, text.split("\n"))))
    return OK
