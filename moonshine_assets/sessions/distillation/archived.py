"""An archived session as distillation takes it: whose it is, what it says, and its record."""

from __future__ import annotations

from typing import NamedTuple

from moonshine_assets.sessions.contracts import ArchiveRecord
from moonshine_assets.sessions.distillation.said import Said


class ArchivedSession(NamedTuple):
    """What one archive holds.

    Args:
        tool: openclaw, claude_code, codex or estimate.
        place: where the session works: its folder (Claude Code, Codex) or its key (OpenClaw); empty when unknown.
        record: the archive, verified.
        messages: everything it says, in order.
    """

    tool: str
    place: str
    record: ArchiveRecord
    messages: list[Said]
