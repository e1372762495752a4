"""`moonshine search`: messages of the mash by their words."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from moonshine_assets.cli import show
from moonshine_assets.cli.options import as_json, at_home
from moonshine_assets.cli.outcome import OK, exiting
from moonshine_assets.errors import BadInput
from moonshine_resources.home import Home
from moonshine_resources.locks import exclusive

#: Characters of a message shown before and after the first word that was found.
_BEFORE, _AFTER = 50, 110
#: How long `--reindex` waits for another writer, seconds.
_WRITER_WAIT = 600.0
_TIME = click.DateTime(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"])


@click.command()
@click.argument("words", nargs=-1)
@at_home
@click.option("--limit", default=10, show_default=True, type=click.IntRange(1, 1000), help="Messages at most.")
@click.option("--provider", help="Only messages of this provider.")
@click.option("--role", type=click.Choice(["user", "assistant", "tool", "system"]), help="Only messages of this role.")
@click.option("--since", type=_TIME, help="Only messages from this time on, UTC.")
@click.option("--until", type=_TIME, help="Only messages before this time, UTC.")
@as_json
@click.option("--reindex", is_flag=True, help="Make the index anew from the mash first.")
@exiting
def search(
    words: tuple[str, ...],
    home_dir: Path | None,
    limit: int,
    provider: str | None,
    role: str | None,
    since: datetime | None,
    until: datetime | None,
    as_json: bool,
    reindex: bool,
) -> int:
    """Messages by their words, best first; a phrase goes in double quotes.

    Messages that have every word come first, then those that have some.
    """
    # Polars is loaded for this command alone: the others start without it.
    from moonshine_assets.mash.give_way import giving_way
    from moonshine_assets.mash.search.build import rebuild
    from moonshine_assets.mash.search.find import find
    from moonshine_assets.mash.search.question import Filters, parsed
    from moonshine_assets.mash.vouched import carried
    from moonshine_resources.duckdb import connect, transaction

    home = Home.at(home_dir)
    if not home.mash.exists():
        raise BadInput("the mash is empty", where=str(home.mash), fix="take in an export first: `moonshine run PATH`")
    if reindex:
        with (
            exclusive(home.mash_lock, seconds=_WRITER_WAIT, what="the mash"),
            carried(home),
            connect(home.mash, read_only=False) as connection,
            transaction(connection),
        ):
            rebuild(connection)
        if not words:
            return OK
    asked = " ".join(words)
    question = parsed(asked)
    with connect(home.mash, read_only=True) as connection, giving_way(connection, home.mash_lock):
        hits = find(connection, asked, limit=limit, filters=Filters(provider, role, since, until))
    terms = [*question.required, *question.wanted]
    found: list[dict[str, Any]] = [
        {
            "conversation_id": hit.conversation_id,
            "message_id": hit.message_id,
            "provider": hit.provider,
            "role": hit.role,
            "created_at": hit.created_at.isoformat() + "Z" if hit.created_at else None,
            "score": round(hit.score, 3),
            "all_words": hit.all_words,
            "snippet": snippet(hit.text, terms),
        }
        for hit in hits
    ]
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
    elif found:
        shown = ["conversation_id", "message_id", "role", "created_at", "snippet"]
        show.console().print(show.table("Messages", found, shown))
    else:
        click.echo("no message has any of these words")
    return OK


def snippet(text: str, terms: list[str]) -> str:
    """One line of a text around the first of the terms that stands in it; from its beginning when none does."""
    folded = text.lower()
    # A letter may be longer in lower case; the window is wide enough for what that shifts.
    places = [place for term in terms if (place := folded.find(term)) >= 0]
    start = max(0, min(places, default=0) - _BEFORE)
    end = min(places, default=0) + _AFTER
    line = " ".join(text[start:end].split())
    return f"{'…' if start else ''}{line}{'…' if end < len(text) else ''}"
