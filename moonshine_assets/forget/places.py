"""Stores that forget by themselves: where taking lines or files away is not enough."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from moonshine_assets.exports.forgotten import Conversation
from moonshine_assets.sessions.archive.forgetting import forget_archived
from moonshine_resources.home import Home

#: Each removes what its store keeps of some conversations and says how many pieces went. Called under the writer's
#: lock, before the search; doing it again does nothing. A store whose files are Markdown, JSON lines, SQLite or files
#: of one conversation needs none: see sweep.py.
PLACES: list[Callable[[Home, Sequence[Conversation]], int]] = [forget_archived]
