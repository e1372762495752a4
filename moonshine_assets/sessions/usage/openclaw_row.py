"""A row of OpenClaw's session index to a reading; its command, its store and `sessions.json` have the same fields.

OpenClaw's own numbers are known to go stale (MOON-FACTS §3.8.12), so they are held against what the transcript says.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from moonshine_assets.exports.fields import count, ident, mapping, text_or_none
from moonshine_assets.sessions.usage.reading import Doubt, Reading, doubted
from moonshine_assets.sessions.usage.windows import OPENCLAW_ASSUMED, openclaw_compaction

PROVIDER = "openclaw"

#: Two figures for the same prompt differ by no more than this share, or this many tokens.
_SHARE = 0.2
_TOKENS = 2_000
#: Of a compaction that does not say what is left: usage as high as this share of before was not counted again.
_UNCHANGED = 0.9


class Transcript(NamedTuple):
    """What the end of a transcript says: prompt of the last answer, or what a compaction or reset after it left.

    `before` is what there was before that compaction; None when there was none.
    """

    used: int | None = None
    before: int | None = None
    mark: str | None = None
    is_reset: bool = False


def transcript_end(records: Iterable[dict[str, Any]]) -> Transcript:
    """The entries of a session, last first, up to the last answer of a model."""
    for record in records:
        kind = record.get("type")
        if kind == "compaction":
            before = count(record.get("tokensBefore")) or 0
            return Transcript(count(record.get("tokensAfter")), before, ident(record.get("id")))
        if kind == "reset":
            return Transcript(is_reset=True)
        message = mapping(record.get("message"))
        # what the gateway adds by itself states a usage of zero
        if kind != "message" or message.get("role") != "assistant" or message.get("provider") == PROVIDER:
            continue
        usage = mapping(message.get("usage"))
        prompt = sum(count(usage.get(part)) or 0 for part in ("input", "cacheRead", "cacheWrite"))
        if used := prompt or count(usage.get("totalTokens")):
            return Transcript(used)
    return Transcript()


def reading_of(
    key: str,
    row: Mapping[str, Any],
    source: str,
    transcript: Transcript | None,
    now: int,
    windows: Mapping[str, int],
    own_compaction: bool,
) -> Reading | None:
    """The reading of one session; None for a row without a session.

    Args:
        key: OpenClaw's session key.
        row: the session's row.
        source: file or store it is from.
        transcript: the end of its transcript; None when it was not looked at.
        now: epoch seconds.
        windows: context windows by model that were given; they win over the row's.
        own_compaction: whether OpenClaw compacts by itself.
    """
    session_id = ident(row.get("sessionId"))
    if session_id is None:
        return None
    model = text_or_none(row.get("model")) or ""
    window = windows.get(model) or count(row.get("contextTokens"))
    used, doubts = _judged(count(row.get("totalTokens")) or None, row.get("totalTokensFresh"), transcript)
    if not window:
        doubts.add(Doubt.WINDOW_ASSUMED)
        window = OPENCLAW_ASSUMED
    compactions = count(row.get("compactionCount"))
    mark = f"compactions:{compactions}" if compactions else transcript.mark if transcript else None
    return doubted(
        Reading(
            provider=PROVIDER,
            session_id=session_id,
            session_key=key,
            source_path=source,
            used_tokens=used,
            window_tokens=window,
            own_compaction_at=openclaw_compaction(window) if own_compaction else None,
            updated_at_epoch_secs=(count(row.get("updatedAt")) or 0) // 1000,
            captured_at_epoch_secs=now,
            model=model,
            compaction_mark=mark,
            doubts=tuple(sorted(doubts)),
        )
    )


def _judged(total: int | None, fresh: Any, transcript: Transcript | None) -> tuple[int | None, set[Doubt]]:
    """The number to go by, and what speaks against it."""
    told = transcript or Transcript()
    doubts = {Doubt.STALE} if fresh is False or (fresh is not True and told.used is None) else set()
    if told.is_reset:
        # counters begin anew with a reset; whether this one did is known with the next answer
        return total, doubts
    if told.before is not None and told.used is None:
        if total is None or total >= _UNCHANGED * told.before:
            doubts.add(Doubt.AFTER_COMPACTION)
        return total, doubts
    if total is None or told.used is None:
        return (told.used if total is None else total), doubts
    if abs(total - told.used) > max(_TOKENS, _SHARE * max(total, told.used)):
        doubts.add(Doubt.CONTRADICTORY)
    # two figures that agree differ in what they count; the index's is the one thresholds of OpenClaw go by
    return (max(total, told.used) if Doubt.CONTRADICTORY in doubts else total), doubts
