"""What a person typed, out of the wrapping that a gateway puts around it (EXPORT-FORMATS §15)."""

from __future__ import annotations

import re
from typing import NamedTuple

#: Pieces the gateway puts before a message: who wrote it from where, in fenced JSON; a time stamp; a note of the host.
_BEFORE = re.compile(
    r"\s*(?:"
    r"[^\n`]{1,80}\(untrusted[^)\n]*\):\s*```(?:json)?\n.*?\n```"
    r"|\[(?:[A-Z][a-z]{2} )?\d{4}-\d{2}-\d{2} \d{2}:\d{2}(?::\d{2})?[^\]\n]{0,24}\]"
    r"|\[[A-Z][A-Za-z]+ [^\]\n]{1,160} \d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}[^\]\n]{0,24}\]"
    r"|\[media attached[^\]\n]*\]"
    r"|System: \[[^\n]*(?:\n|\Z)"
    r")",
    re.DOTALL,
)
_AFTER = re.compile(r"\s*\[message_id: [^\]\n]*\]\s*\Z")
_MACHINE = re.compile(
    r"\s*(?:\[OpenClaw [^\]\n]*\]"
    r"|\[(?:Subagent (?:Context|Task)|System Message|Inter-session message|cron:)"
    r"|System: "
    r"|HEARTBEAT_OK|NO_REPLY"
    r"|Read HEARTBEAT\.md"
    r"|Pre-compaction memory flush"
    r"|A new session was started via /(?:new|reset)"
    r"|A (?:background task|subagent|cron job)\b[^\n]* (?:finished|completed|failed)"
    r"|An async command"
    r"|Agent-to-agent announce)"
)
_SILENT = re.compile(r"\s*(?:HEARTBEAT_OK|NO_REPLY|ANNOUNCE_SKIP|REPLY_SKIP)[\s.]*\Z")


class Typed(NamedTuple):
    """The text without its wrapping, the wrapping, and whether what is left is a person's."""

    text: str
    wrapping: list[str]
    is_human: bool


def unwrap(text: str) -> Typed:
    """Take a user's text apart."""
    wrapping: list[str] = []
    left = text
    while (match := _BEFORE.match(left)) and match.end():
        wrapping.append(match[0].strip())
        left = left[match.end() :]
    if match := _AFTER.search(left):
        wrapping.append(match[0].strip())
        left = left[: match.start()]
    left = left.strip() if wrapping else left
    return Typed(left, wrapping, bool(left.strip()) and _MACHINE.match(left) is None)


def is_silent(text: str) -> bool:
    """An answer that the gateway swallows: there was nothing to say."""
    return _SILENT.match(text) is not None
