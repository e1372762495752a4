"""Codex: the last token count of a rollout, against the window it reports (MOON-FACTS §4.2)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from moonshine_assets.errors import Unreadable
from moonshine_assets.exports.adapters.codex.wire import Entry, entry, lineage
from moonshine_assets.exports.decode import decode
from moonshine_assets.exports.fields import count, ident, mapping, text_or_none
from moonshine_assets.sessions.usage.reading import SMALLEST_WINDOW, Doubt, Reading, doubted
from moonshine_assets.sessions.usage.tail import BLOCK, first_line, lines_backwards
from moonshine_assets.sessions.usage.windows import CODEX_ASSUMED, codex_compaction

PROVIDER = "codex"

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_MARKS = (b'"token_count"', b'"compacted"', b'"turn_context"')


class _Found(NamedTuple):
    used: int | None
    window: int | None
    model: str
    mark: str | None
    is_after_compaction: bool


def sessions(folder: Path, active_since: int) -> Iterator[Path]:
    """Rollouts below a configuration folder that changed since `active_since` (epoch seconds), by name."""
    for path in sorted((folder / "sessions").glob("*/*/*/rollout-*.jsonl")):
        try:
            if path.stat().st_mtime >= active_since:
                yield path
        except FileNotFoundError:
            continue


def read(path: Path, now: int, windows: Mapping[str, int], own_compaction: bool, limit: int = 0) -> Reading | None:
    """The reading of one rollout; None for a sub-agent's.

    Args:
        path: the rollout.
        now: epoch seconds.
        windows: context windows by model that were given; they win over what the rollout reports.
        own_compaction: whether Codex compacts by itself.
        limit: Codex's setting `model_auto_compact_token_limit`; 0 when not set.

    Raises:
        OSError: the file cannot be read.
    """
    if _is_sub_agent(path):
        return None
    changed = int(path.stat().st_mtime)
    found = _end_of(path)
    window = windows.get(found.model) or found.window
    doubts = {Doubt.AFTER_COMPACTION} if found.is_after_compaction else set()
    if not window:
        doubts.add(Doubt.WINDOW_ASSUMED)
        window = CODEX_ASSUMED
    compacts_at = codex_compaction(window, limit) if own_compaction and window >= SMALLEST_WINDOW else None
    ids = _UUID.findall(path.name)
    return doubted(
        Reading(
            provider=PROVIDER,
            session_id=ids[-1] if ids else path.stem,
            source_path=str(path),
            used_tokens=found.used,
            window_tokens=window,
            own_compaction_at=compacts_at,
            updated_at_epoch_secs=changed,
            captured_at_epoch_secs=now,
            model=found.model,
            compaction_mark=found.mark,
            doubts=tuple(sorted(doubts)),
        )
    )


def _end_of(path: Path) -> _Found:
    """Lines from the end to the last count, and at least a block of them."""
    used: int | None = None
    window: int | None = None
    model, mark, is_after = "", None, False
    for line in lines_backwards(path):
        if (used is not None or is_after) and (line.distance > BLOCK or (mark and model and window)):
            break
        if not any(word in line.raw for word in _MARKS):
            continue
        found = _entry(line.raw)
        if found.kind == "turn":
            model = model or text_or_none(found.body.get("model")) or ""
        elif found.kind == "compacted" and mark is None:
            mark = ident(found.body.get("window_id")) or text_or_none(found.time) or "compacted"
            is_after = used is None
        elif found.kind == "event" and found.type == "token_count":
            told = mapping(found.body.get("info"))
            if used is None and not is_after:
                # the last request's, not the sum over the thread's life
                used = count(mapping(told.get("last_token_usage")).get("total_tokens")) or None
            window = window or count(told.get("model_context_window"))
            model = model or text_or_none(told.get("model")) or ""
    return _Found(used, window, model, mark, is_after)


def _is_sub_agent(path: Path) -> bool:
    found = _entry(first_line(path))
    return found.kind == "meta" and lineage(found.body)[1]


def _entry(raw: bytes) -> Entry:
    """A line in the common form; an empty one for a line that is not whole yet or damaged."""
    try:
        return entry(0, mapping(decode(raw, Any)[0]))
    except Unreadable:
        return Entry(0, "unknown", {}, None)
