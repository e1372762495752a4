"""One measurement of one session: what it uses of which window, and every reason to doubt that."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from moonshine_assets.sessions.contracts import SessionUsageSnapshot


class Doubt(StrEnum):
    """Why a reading is not trusted. Any of them: archive early, prune never."""

    #: The tool itself says that the number is not current.
    STALE = "stale"
    #: No usage is stated where it should be.
    NO_USAGE = "no_usage"
    #: Compacted since the last stated usage.
    AFTER_COMPACTION = "after_compaction"
    #: Neither the tool nor the table of models gives the window; the smallest usual one stands in for it.
    WINDOW_ASSUMED = "window_assumed"
    #: A window no model has.
    WINDOW_IMPLAUSIBLE = "window_implausible"
    #: Two sources of the same number differ; the larger one is given.
    CONTRADICTORY = "contradictory"
    #: Exactly the whole window: tools pin the number there when they do not know it.
    PINNED = "pinned"
    #: Counted from the file with a tokenizer that is not the model's.
    ESTIMATED = "estimated"
    #: The session was not found where it was.
    GONE = "gone"


#: No context window in use is smaller; smaller ones were reported by mistake.
SMALLEST_WINDOW = 4_096
#: Used more than this share of the window: one of the two numbers is wrong. Where the tool does not compact by itself,
#: usage was seen to go on to 1.12.
_OVERFULL = 1.0
_OVERFULL_WITHOUT_COMPACTION = 1.5


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """How full a session is.

    Args:
        provider: openclaw, claude_code, codex or estimate.
        session_id: the tool's id of the session.
        session_key: the tool's name for the place the session is in; empty where it has none.
        source_path: the file or store it was read from.
        used_tokens: tokens of context in use; None when unknown.
        window_tokens: the model's window; None when unknown.
        own_compaction_at: tokens at which the tool compacts by itself; None: it does not, or the window is unknown.
        updated_at_epoch_secs: when the tool last changed the session; 0 when unknown.
        captured_at_epoch_secs: when this was read.
        model: as the tool names it; empty when unknown.
        compaction_mark: what tells the latest compaction seen from others; None: none was seen.
        doubts: reasons not to trust it, sorted.
    """

    provider: str
    session_id: str
    source_path: str
    used_tokens: int | None
    window_tokens: int | None
    own_compaction_at: int | None
    updated_at_epoch_secs: int
    captured_at_epoch_secs: int
    session_key: str = ""
    model: str = ""
    compaction_mark: str | None = None
    doubts: tuple[Doubt, ...] = ()

    @property
    def key(self) -> str:
        """Tells sessions of all tools apart."""
        return f"{self.provider}:{self.session_id}"

    @property
    def max_tokens(self) -> int | None:
        """The effective window: the smaller of the model's and the tool's own compaction point."""
        known = [size for size in (self.window_tokens, self.own_compaction_at) if size is not None and size > 0]
        return min(known, default=None)

    @property
    def usage_ratio(self) -> float:
        """used_tokens / max_tokens; 0 when either is unknown."""
        return self.used_tokens / self.max_tokens if self.used_tokens is not None and self.max_tokens else 0.0

    @property
    def is_trusted(self) -> bool:
        return not self.doubts and self.used_tokens is not None and self.max_tokens is not None

    def snapshot(self) -> SessionUsageSnapshot | None:
        """The contract record; None while usage or window is unknown."""
        if self.used_tokens is None or self.max_tokens is None:
            return None
        return SessionUsageSnapshot(
            session_id=self.session_id,
            used_tokens=self.used_tokens,
            max_tokens=self.max_tokens,
            usage_ratio=self.usage_ratio,
            captured_at_epoch_secs=self.captured_at_epoch_secs,
            provider=self.provider,
        )


def doubted(reading: Reading) -> Reading:
    """The reading with the doubts its own numbers raise; every provider's readings go through it."""
    doubts = set(reading.doubts)
    used, window = reading.used_tokens, reading.window_tokens
    if used is None:
        doubts.add(Doubt.NO_USAGE)
    if window is None:
        doubts.add(Doubt.WINDOW_ASSUMED)
    elif window < SMALLEST_WINDOW:
        doubts.add(Doubt.WINDOW_IMPLAUSIBLE)
    if used is not None and window is not None:
        if used == window:
            doubts.add(Doubt.PINNED)
        most = _OVERFULL_WITHOUT_COMPACTION if reading.own_compaction_at is None else _OVERFULL
        if used > most * window:
            doubts.add(Doubt.CONTRADICTORY)
    return msgspec.structs.replace(reading, doubts=tuple(sorted(doubts)))
