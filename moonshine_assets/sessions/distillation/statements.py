"""Statements: what a distillation carries on, each with the archived messages that say so."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Annotated, Literal, NamedTuple, get_args

import msgspec
from msgspec import Meta

Kind = Literal["rule", "decision", "milestone", "open", "number", "path", "command", "error"]
KINDS: tuple[Kind, ...] = get_args(Kind)
#: A statement is a sentence or a command, not a paragraph.
MAXIMUM_CHARACTERS = 600
#: What must stand in the cited messages letter for letter when a statement has it: numbers, paths, quoted words.
_EXACT = re.compile(
    r"`([^`\n]{2,})`|\"([^\"\n]{2,})\"|((?:~|\.{0,2})?/[\w.@+-]+(?:/[\w.@+-]+)*)|(\d+(?:[.,:]\d+)*)", re.ASCII
)


class Statement(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One thing worth carrying on. `at` is when its last message was written, epoch seconds; None when unknown."""

    kind: Kind
    text: Annotated[str, Meta(min_length=1, max_length=MAXIMUM_CHARACTERS)]
    message_ids: Annotated[tuple[str, ...], Meta(min_length=1)]
    at: int | None = None


class Candidate(NamedTuple):
    """A statement as somebody offers it: nothing of it is checked yet."""

    kind: str
    text: str
    message_ids: tuple[str, ...]


class Checked(NamedTuple):
    """What held, in the order given, and how many did not by reason."""

    statements: list[Statement]
    rejected: Counter[str]


def check(candidates: Iterable[Candidate], evidence: Mapping[str, str], times: Mapping[str, int | None]) -> Checked:
    """Keep the statements that rest on messages of the archive.

    Args:
        candidates: in order of importance; of equal texts the first stays.
        evidence: message id → everything that message says, see `Said.evidence`.
        times: message id → microseconds since 1970-01-01 UTC, or None.

    Rejected as `unknown_kind`, `empty`, `too_long`, `uncited` (no message), `phantom_citation` (a message that the
    archive does not have), `unsupported` (a number, path or quotation that no cited message holds), `repeated`.
    """
    kept: list[Statement] = []
    rejected: Counter[str] = Counter()
    seen: set[tuple[str, str]] = set()
    for candidate in candidates:
        text = " ".join(candidate.text.split()) if candidate.kind != "command" else candidate.text.strip()
        reason = _fault(candidate, text, evidence)
        if reason is None and (candidate.kind, text.casefold()) in seen:
            reason = "repeated"
        if reason is not None:
            rejected[reason] += 1
            continue
        seen.add((candidate.kind, text.casefold()))
        ids = tuple(dict.fromkeys(candidate.message_ids))
        known = [at for one in ids if (at := times.get(one)) is not None]
        at = max(known) // 1_000_000 if known else None
        kept.append(msgspec.convert({"kind": candidate.kind, "text": text, "message_ids": ids, "at": at}, Statement))
    return Checked(kept, rejected)


def _fault(candidate: Candidate, text: str, evidence: Mapping[str, str]) -> str | None:
    if candidate.kind not in KINDS:
        return "unknown_kind"
    if not text:
        return "empty"
    if len(text) > MAXIMUM_CHARACTERS:
        return "too_long"
    if not candidate.message_ids:
        return "uncited"
    if any(one not in evidence for one in candidate.message_ids):
        return "phantom_citation"
    grounds = "\n".join(evidence[one] for one in candidate.message_ids)
    if text not in grounds and not _is_supported(text, grounds):
        return "unsupported"
    return None


def _is_supported(text: str, grounds: str) -> bool:
    """Whether everything exact in a statement stands in what it cites; its other words may be its own."""
    plain = " ".join(grounds.split())
    return all(_stands(next(part for part in match if part), plain) for match in _EXACT.findall(text))


def _stands(exact: str, grounds: str) -> bool:
    if exact[0].isdigit():
        return re.search(rf"(?<!\d){re.escape(exact)}(?!\d)", grounds) is not None
    return " ".join(exact.split()) in grounds
