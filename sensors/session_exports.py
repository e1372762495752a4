"""Archived sessions on their way into the pipeline: into the inbox, and out of it once a run has archived them."""

from __future__ import annotations

import os
from collections.abc import Iterator

from moonshine_assets.errors import MoonshineError
from moonshine_assets.sessions.archive.exporting import export_sessions, withdraw_taken_in
from moonshine_assets.sessions.configuration import load
from moonshine_resources.home import Home


def hand_over(home: Home, now: int) -> Iterator[str]:
    """Export what has come to rest, and take away what was taken in; why it could not be, if so."""
    if not home.session_ledger.exists():
        return
    try:
        told = load(home.moon_config, os.environ).settings.export
        if told.enabled:
            export_sessions(home, now, told)
        withdraw_taken_in(home)
    except MoonshineError as error:
        yield str(error)
