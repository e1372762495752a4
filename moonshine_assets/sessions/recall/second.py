"""QMD beside the built-in index: kept up with the same texts, and asked for what that has too little of.

It is never needed: what it does not answer, or answers too late, is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from moonshine_assets.errors import MoonshineError
from moonshine_assets.sessions.contracts import RecallMatch
from moonshine_assets.sessions.recall.passages import Entry, Passage, entries, heading_facts
from moonshine_assets.sessions.recall.question import Question
from moonshine_assets.sessions.settings import Settings
from moonshine_resources.home import Home
from moonshine_resources.qmd import Qmd, QmdHit, QmdUpdate

COLLECTION = "history"
_WAIT = 600.0
#: QMD wants every word: a question is asked with fewer of them as long as nothing is found.
_FEWER = 3


def update_qmd(home: Home, settings: Settings) -> QmdUpdate | None:
    """Bring QMD up to date with the archived texts; None where it is switched off.

    Raises:
        Busy: another process has been indexing for ten minutes.
        GateFailed: there are no texts, or it does not hold all of them afterwards.
        ToolFailed: it is missing, ran too long or failed.
    """
    from moonshine_resources.locks import exclusive

    if not settings.qmd.enabled:
        return None
    with exclusive(home.qmd_lock, seconds=_WAIT, what="the index of QMD"):
        return _qmd(home, settings).update(COLLECTION, home.session_texts)


def more_matches(
    home: Home, settings: Settings, question: Question, found: Sequence[RecallMatch], limit: int, session: str | None
) -> list[RecallMatch]:
    """What QMD finds beyond the matches there are; it ranks below them. None when QMD fails."""
    known = {(match.archive_path, match.metadata["heading_line"]) for match in found}
    below = found[-1].score if found else 1.0
    matches = []
    for hit in _hits(home, settings, question, limit):
        match = _match(home, hit, below)
        if match is None or (session is not None and match.metadata["session_id"] != session):
            continue
        place = (match.archive_path, match.metadata["heading_line"])
        if place not in known:
            known.add(place)
            matches.append(match)
    return sorted(matches, key=lambda one: (-one.score, one.archive_path, one.metadata["line"]))[:limit]


def _hits(home: Home, settings: Settings, question: Question, limit: int) -> list[QmdHit]:
    words = list(dict.fromkeys([word for literal in question.literals for word in literal.words] + [*question.words]))
    for fewer in range(_FEWER):
        asked = words[: max(1, len(words) - fewer)]
        try:
            hits = _qmd(home, settings).search(COLLECTION, " ".join(asked), 4 * limit)
        except MoonshineError:
            return []
        if hits or len(asked) <= 1:
            return hits
    return []


def _qmd(home: Home, settings: Settings) -> Qmd:
    told = settings.qmd
    return Qmd(told.command, home.qmd, told.timeout_secs, told.index_timeout_secs)


def _match(home: Home, hit: QmdHit, below: float) -> RecallMatch | None:
    """The passage of our own text that a hit is in; None when the text is not there any more."""
    path = home.session_texts / Path(hit.name).name
    try:
        data = path.read_bytes()
    except OSError:
        return None
    place = _place(data, hit.line)
    return None if place is None else _told(home, path, data, *place, score=below * min(1.0, max(0.0, hit.score)))


def _place(data: bytes, line: int) -> tuple[Entry, Passage] | None:
    """The passage that a line is in, or the first one after it."""
    for entry, passages in entries(data):
        for passage in passages:
            if passage.line_end >= line:
                return entry, passage
    return None


def _told(home: Home, path: Path, data: bytes, entry: Entry, passage: Passage, score: float) -> RecallMatch | None:
    from moonshine_assets.sessions.projection.parts import read_head

    head = read_head(data.decode("utf-8", "replace").split("\n"))
    facts = heading_facts(entry.heading)
    if head is None or not facts:
        return None
    return RecallMatch(
        archive_path=path.relative_to(home.root).as_posix(),
        snippet=passage.text,
        score=round(score, 6),
        metadata={
            "line": passage.line,
            "line_end": passage.line_end,
            "heading_line": entry.line,
            "session_id": head.session,
            "conversation": head.conversation,
            "provider": head.provider,
            "message_id": entry.message_id,
            "who": entry.who,
            "at_utc": facts.get("utc"),
            "at_local": facts.get("local", "").strip() or None,
            "log_line": int(facts["number"]),
            "archive": head.archive,
            "every_word": False,
            "found_by": "qmd",
        },
    )
