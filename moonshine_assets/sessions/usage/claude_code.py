"""Claude Code: usage of the last answer on the main chain of `projects/<project>/<session>.jsonl` (MOON-FACTS §4.1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from moonshine_assets.errors import Unreadable
from moonshine_assets.exports.adapters.claude_code.detect import log_files
from moonshine_assets.exports.adapters.claude_code.grouping import is_agent_file, stem
from moonshine_assets.exports.decode import decode
from moonshine_assets.exports.fields import count, ident, mapping, text_or_none
from moonshine_assets.sessions.usage.reading import Doubt, Reading, doubted
from moonshine_assets.sessions.usage.tail import BLOCK, lines_backwards
from moonshine_assets.sessions.usage.windows import CLAUDE_CODE_ASSUMED, claude_code_compaction, claude_code_window

PROVIDER = "claude_code"

_PARTS = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens", "output_tokens")
#: Answers that no model gave: errors and cancelled turns, with usage of zeros.
_SYNTHETIC = "<synthetic>"


class _Found(NamedTuple):
    """What the end of a log says: usage and model of the last answer, the latest compaction mark, the tokens that were
    left after it when no answer came since."""

    used: int | None
    model: str
    mark: str | None
    left: int | None
    is_after_compaction: bool


def sessions(folder: Path, active_since: int) -> Iterator[Path]:
    """Logs below a configuration folder that changed since `active_since` (epoch seconds); no sub-agents' logs."""
    projects = folder / "projects"
    sizes = {str(path.relative_to(folder)): 0 for path in projects.glob("*/*.jsonl") if _changed(path) >= active_since}
    yield from (folder / name for name in log_files(sizes) if not is_agent_file(name))


def read(path: Path, now: int, windows: Mapping[str, int], own_compaction: bool) -> Reading:
    """The reading of one log.

    Args:
        path: the session's file.
        now: epoch seconds.
        windows: context windows by model that were given.
        own_compaction: whether Claude Code compacts by itself.

    Raises:
        OSError: the file cannot be read.
    """
    changed = int(path.stat().st_mtime)
    found = _end_of(path)
    window = claude_code_window(found.model, windows)
    doubts = {Doubt.AFTER_COMPACTION} if found.is_after_compaction else set()
    if window is None:
        doubts.add(Doubt.WINDOW_ASSUMED)
        window = CLAUDE_CODE_ASSUMED
    return doubted(
        Reading(
            provider=PROVIDER,
            session_id=stem(path.name),
            source_path=str(path),
            used_tokens=found.left if found.is_after_compaction else found.used,
            window_tokens=window,
            own_compaction_at=claude_code_compaction(window) if own_compaction else None,
            updated_at_epoch_secs=changed,
            captured_at_epoch_secs=now,
            model=found.model,
            compaction_mark=found.mark,
            doubts=tuple(sorted(doubts)),
        )
    )


def _end_of(path: Path) -> _Found:
    """Lines from the end to the last answer, and at least a block of them, so that a compaction just before is seen."""
    used: int | None = None
    model, answer_id = "", None
    mark, left, is_after = None, None, False
    for line in lines_backwards(path):
        if used is not None and (line.distance > BLOCK or mark is not None):
            break
        if b'"compact_boundary"' in line.raw and mark is None:
            record = _object(line.raw)
            if record.get("type") == "system" and record.get("subtype") == "compact_boundary":
                told = mapping(record.get("compactMetadata"))
                mark = ident(record.get("uuid")) or text_or_none(record.get("timestamp"))
                if used is None:
                    is_after, left = True, count(told.get("postTokens"))
        elif b'"usage"' in line.raw:
            record = _object(line.raw)
            stated = _usage(record)
            own_id = ident(mapping(record.get("message")).get("id"))
            if stated is None or (used is not None and (own_id is None or own_id != answer_id)):
                continue
            # one answer stands in several lines; its largest figure counts
            used, answer_id = max(used or 0, stated), own_id
            model = model or text_or_none(mapping(record.get("message")).get("model")) or ""
    return _Found(used, model, mark, left, is_after)


def _usage(record: dict[str, Any]) -> int | None:
    """Context after an answer of the main chain; None for other lines."""
    message = mapping(record.get("message"))
    usage = mapping(message.get("usage"))
    if record.get("type") != "assistant" or record.get("isSidechain") is True or not usage:
        return None
    if message.get("model") == _SYNTHETIC or record.get("isApiErrorMessage") is True:
        return None
    return sum(count(usage.get(part)) or 0 for part in _PARTS) or None


def _object(raw: bytes) -> dict[str, Any]:
    """A line's object; nothing for a line that is not whole yet or damaged."""
    try:
        return mapping(decode(raw, Any)[0])
    except Unreadable:
        return {}


def _changed(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0
