"""Context windows, and where in them each tool compacts by itself (MOON-FACTS §0.4, §4)."""

from __future__ import annotations

import re
from collections.abc import Mapping

#: What stands in for a window nobody tells: the smallest usual one of the tool, so that archiving is early.
CLAUDE_CODE_ASSUMED = 200_000
CODEX_ASSUMED = 258_400
OPENCLAW_ASSUMED = 65_536

#: Claude Code's log does not tell the window; seen in its own figures, in this order of precedence.
_CLAUDE = (
    (re.compile(r"\[1m\]$"), 1_000_000),
    (re.compile(r"claude-(?:sonnet-5|opus-5-5)(?:-\d{8})?$"), 1_000_000),
    (re.compile(r"claude-(?:sonnet|opus|haiku)-4(?:-[0-6])?(?:-\d{8})?$"), 200_000),
    (re.compile(r"claude-3(?:-\d)?-(?:sonnet|opus|haiku)(?:-\d{8})?$"), 200_000),
)
#: Claude Code: not at 176 048 of 200 000, but at 178 248.
_CLAUDE_SHARE = 0.885
#: Codex compacts at 90 % of a window of which it reports 95 %.
_CODEX_SHARE = 0.90 / 0.95
#: OpenClaw keeps back the smaller of this and a quarter of the window.
_OPENCLAW_RESERVE = 20_000


def claude_code_window(model: str, given: Mapping[str, int]) -> int | None:
    """The window of a model by name; None for one that is not known."""
    if model in given:
        return given[model]
    return next((tokens for pattern, tokens in _CLAUDE if pattern.search(model)), None)


def claude_code_compaction(window: int) -> int:
    return int(window * _CLAUDE_SHARE)


def codex_compaction(window: int, limit: int) -> int:
    """Where Codex compacts, for the window it reports; `limit` is its setting, 0 when not set."""
    own = int(window * _CODEX_SHARE)
    return min(limit, own) if limit else own


def openclaw_compaction(window: int) -> int:
    return window - min(_OPENCLAW_RESERVE, window // 4)
