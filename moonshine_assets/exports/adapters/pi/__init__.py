"""pi, the coding agent whose session format OpenClaw took over: linear v1 of 2025, the tree of v3.

In: the files of a log. Out: one conversation a session. Always: as for OpenClaw.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from moonshine_assets.exports.adapters.openclaw.detect import claim_of, openclaw_sidecar, pi_files
from moonshine_assets.exports.adapters.openclaw.log import Log
from moonshine_assets.exports.records import Claim, LogConversation

__all__ = ["PROVIDER", "SOURCE_TYPE", "claim_lines", "conversations", "log_files", "sidecar"]

PROVIDER = "pi"
SOURCE_TYPE = "pi_log"

log_files = pi_files
sidecar = openclaw_sidecar


def claim_lines(objects: list[dict[str, Any]], name: str) -> Claim | None:
    """Are these first lines a session of pi? By a mark of pi in the header, the name or the entries."""
    found = claim_of(objects, name)
    return found[1]._replace(shape=f"pi-{found[1].shape}") if found and found[0] == PROVIDER else None


def conversations(read: Callable[[str], bytes | None], names: list[str]) -> Iterator[LogConversation]:
    """The sessions of the files; flags as for OpenClaw."""
    return Log(read, names, PROVIDER).conversations()
