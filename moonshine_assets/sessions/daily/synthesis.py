"""L2: once a day, what yesterday's sessions left goes into memory, by rules or by a model that cites what it merges."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Literal, NamedTuple

import msgspec

from moonshine_assets.errors import Corruption
from moonshine_assets.sessions import audit
from moonshine_assets.sessions.daily.day import day_of
from moonshine_assets.sessions.daily.kept import Kept, Memory, as_kept, read_memory, text_hash, write_memory
from moonshine_assets.sessions.distillation.asking import ask
from moonshine_assets.sessions.distillation.cascade import LOCAL, model_for
from moonshine_assets.sessions.distillation.chunks import chunked
from moonshine_assets.sessions.distillation.said import Said
from moonshine_assets.sessions.distillation.statements import Candidate, Kind, check
from moonshine_assets.sessions.distillation.summary import Summary, read_summary
from moonshine_assets.sessions.settings import Settings
from moonshine_resources.home import Home
from moonshine_resources.language_models import ModelFailed
from moonshine_resources.locks import exclusive

#: Codes in the audit log.
SYNTHESISED, DEGRADED = "MOON_OK_SYNTHESISED", "MOON_WARN_SYNTHESIS_DEGRADED"
_WAIT = 600.0
_DAY = 86_400
#: How many of a kind memory keeps, and for how many days after they were said; None: until they are struck out.
LIMITS: dict[Kind, tuple[int, int | None]] = {
    "rule": (60, None),
    "decision": (60, None),
    "open": (20, 14),
    "milestone": (30, 30),
    "number": (40, 90),
}


class Synthesis(NamedTuple):
    """What a synthesis did; `day` is the one that was taken in."""

    outcome: Literal["done", "already_done", "nothing_said"]
    day: date
    sessions: int
    kept: int
    by: str
    degraded: str


def synthesise(home: Home, settings: Settings, environment: Mapping[str, str], now: int) -> Synthesis:
    """Take yesterday into memory; at most once a residential day.

    Raises:
        Corruption: the records of memory are damaged.
        Busy: another process works on memory.
    """
    yesterday = day_of(settings, now) - timedelta(days=1)
    with exclusive(home.moon_memory_lock, seconds=_WAIT, what="the memory of sessions"):
        memory = read_memory(home)
        if memory.synthesised_for >= yesterday.isoformat():
            return Synthesis("already_done", yesterday, 0, len(memory.kept), LOCAL, "")
        found = of_day(home, settings, yesterday)
        new = [as_kept(one, summary.key) for summary in found for one in summary.statements if one.kind in LIMITS]
        forgotten = set(memory.forgotten)
        known = [one for one in [*memory.kept, *new] if text_hash(one.kind, one.text) not in forgotten]
        by, degraded = LOCAL, ""
        if new and settings.language_model.provider != LOCAL:
            try:
                known = _by_model(list(bounded(known, now)), settings, environment)
                by = settings.language_model.provider
            except ModelFailed as error:
                degraded = str(error)
        kept = bounded(known, now)
        made = Memory(synthesised_for=yesterday.isoformat(), kept=kept, forgotten=memory.forgotten)
        write_memory(home, made)
    code = DEGRADED if degraded else SYNTHESISED
    figures = {"sessions": len(found), "kept": len(kept)}
    audit.note(home, audit.Line(code=code, at=now, stage="distill", reason=degraded, figures=figures))
    return Synthesis("done" if found else "nothing_said", yesterday, len(found), len(kept), by, degraded)


def of_day(home: Home, settings: Settings, day: date) -> list[Summary]:
    """The newest summary of every session that was distilled on that day, by session."""
    newest: dict[str, Summary] = {}
    for path in sorted(home.moon_distillations.glob("*/*.json")):
        try:
            one = read_summary(path)
        except Corruption:
            continue
        if day_of(settings, one.generated_at_epoch_secs) != day:
            continue
        before = newest.get(one.key)
        if before is None or before.generated_at_epoch_secs <= one.generated_at_epoch_secs:
            newest[one.key] = one
    return [newest[key] for key in sorted(newest)]


def bounded(known: Iterable[Kept], now: int) -> tuple[Kept, ...]:
    """Equal statements as one with all their sources, without what is too old, the newest of each kind."""
    merged: dict[tuple[str, str], Kept] = {}
    for one in known:
        key = (one.kind, one.text.casefold())
        before = merged.pop(key, None)
        merged[key] = one if before is None else _joined(before, one)
    kept: list[Kept] = []
    for kind, (most, days) in LIMITS.items():
        of_kind = [one for one in merged.values() if one.kind == kind]
        if days is not None:
            of_kind = [one for one in of_kind if one.at is None or one.at >= now - days * _DAY]
        kept += sorted(of_kind, key=lambda one: (-(one.at or 0), one.text))[:most]
    return tuple(kept)


def _joined(before: Kept, after: Kept) -> Kept:
    sources = dict(before.sources)
    for key, ids in after.sources.items():
        sources[key] = tuple(dict.fromkeys([*sources.get(key, ()), *ids]))
    times = [at for at in (before.at, after.at) if at is not None]
    return msgspec.structs.replace(after, sources=sources, at=max(times) if times else None)


def _by_model(known: list[Kept], settings: Settings, environment: Mapping[str, str]) -> list[Kept]:
    """A model's shorter list. What it says must rest on the statements it cites; their sources become its own."""
    said = [
        Said(str(number), "human", None if one.at is None else one.at * 1_000_000, f"{one.kind}: {one.text}")
        for number, one in enumerate(known)
    ]
    bounds = settings.distill
    model = model_for(settings, environment)
    parts = chunked(said, bounds.chunk_bytes, bounds.max_chunks, bounds.model_context_tokens)
    offered: list[Candidate] = [one for chunk in parts.chunks for one in ask(model, chunk)]
    held = check(offered, {one.message_id: one.text for one in said}, {one.message_id: one.at for one in said})
    if not held.statements:
        raise ModelFailed("none of its statements held", where=settings.language_model.provider)
    made: list[Kept] = []
    for statement in held.statements:
        if statement.kind not in LIMITS:
            continue
        cited = [known[int(number)] for number in statement.message_ids]
        joined = cited[0]
        for other in cited[1:]:
            joined = _joined(joined, other)
        made.append(msgspec.structs.replace(joined, kind=statement.kind, text=statement.text))
    # rules are a person's own words: no model takes one away
    return [*(one for one in known if one.kind == "rule"), *made]
