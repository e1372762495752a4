"""OpenClaw (earlier Clawdbot, Moltbot): session files of any version, and the SQLite store of 2026.8 and later.

In: the files of a log. Out: one conversation a session or sub-agent. Always: nodes_in = nodes + bad nodes, every entry
is a node or a bad node, and of a state directory nothing but sessions is read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from moonshine_assets.exports.adapters.openclaw.detect import claim_of, claim_tables, openclaw_files, openclaw_sidecar
from moonshine_assets.exports.adapters.openclaw.log import Log
from moonshine_assets.exports.records import Claim, LogConversation

__all__ = ["PROVIDER", "SOURCE_TYPE", "claim_lines", "claim_tables", "conversations", "log_files", "sidecar"]

PROVIDER = "openclaw"
SOURCE_TYPE = "openclaw_log"

log_files = openclaw_files
sidecar = openclaw_sidecar


def claim_lines(objects: list[dict[str, Any]], name: str) -> Claim | None:
    """Are these first lines a session of OpenClaw? One without any mark of OpenClaw or pi is."""
    found = claim_of(objects, name)
    return found[1]._replace(shape=f"openclaw-{found[1].shape}") if found and found[0] == PROVIDER else None


def conversations(read: Callable[[str], bytes | None], names: list[str]) -> Iterator[LogConversation]:
    """The sessions of the files and stores; `sessions.json` beside a file says which are sub-agents' or timed.

    Conversation flags: those of `decode`, `cut_last_line`, `sub_agent`, `replay_dropped`, `duplicate_ids`.
    Message flags: `compaction_summary`, `branch_summary`, `delivery-mirror`, `gateway-injected`, `unknown_record`.
    """
    return Log(read, names, PROVIDER).conversations()
