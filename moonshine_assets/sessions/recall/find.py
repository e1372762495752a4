"""Places of archived sessions that answer a question, best first."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path
from typing import Any

from moonshine_assets.sessions.contracts import RecallMatch, RecallResult
from moonshine_assets.sessions.recall.likely import Row, concepts_of, likely, passages_in
from moonshine_assets.sessions.recall.passages import heading_facts, searched_times, unquoted
from moonshine_assets.sessions.recall.question import Question, parsed
from moonshine_assets.sessions.recall.rank import Candidate, ranked
from moonshine_assets.sessions.recall.store import reading
from moonshine_assets.sessions.settings import Settings
from moonshine_resources.home import Home

#: A snippet goes on to the lines after its passage up to this length: the answer to a question stands below it.
_SNIPPET = 700


def recall(
    home: Home,
    settings: Settings,
    query: str,
    limit: int = 5,
    session: str | None = None,
    now: int | None = None,
) -> RecallResult:
    """What archived sessions say about a question.

    Passages that have everything come first, then those that have the more telling part of it, by BM25; of equal ones
    the newest, then by file and line. Of passages with the same text the best is given.

    Args:
        home: the data home.
        settings: whether QMD is asked for what the index has too little of.
        query: a question, words, or things to be found as they are written.
        limit: matches at most.
        session: only of this session, its sub-agents included.
        now: epoch seconds; None: the clock's.

    Raises:
        Busy: the index has to be written first and another process is at it.
    """
    moment = int(time.time()) if now is None else now
    _bring_up_to_date(home)
    question = parsed(query)
    found: list[Candidate] = []
    if not question.is_empty:
        try:
            found = _found(home, question, session)
        except sqlite3.Error:
            from moonshine_assets.sessions.recall.index import rebuild_index

            rebuild_index(home)
            found = _found(home, question, session)
    matches = [_match(home, candidate) for candidate in found[:limit]]
    if settings.qmd.enabled and len(matches) < limit:
        from moonshine_assets.sessions.recall.second import more_matches

        matches += more_matches(home, settings, question, matches, limit - len(matches), session)
    return RecallResult(query=query, matches=tuple(matches), generated_at_epoch_secs=moment)


def _bring_up_to_date(home: Home) -> None:
    """Add texts that the index lacks: that it is lost, or that a crash came before it was written, is made good."""
    if not home.session_texts.is_dir():
        return
    try:
        with reading(home.recall_index) as connection:
            known = {name for (name,) in connection.execute("SELECT name FROM parts")}
    except sqlite3.Error:
        known = set()
    if any(path.name not in known for path in home.session_texts.glob("*.md")):
        from moonshine_assets.sessions.recall.index import index_texts

        index_texts(home)


def _found(home: Home, question: Question, session: str | None) -> list[Candidate]:
    if not home.recall_index.exists():
        return []
    with reading(home.recall_index) as connection:
        total = passages_in(connection)
        concepts = concepts_of(connection, question, total)
        rows = likely(connection, concepts, total, question.wants, session)
    candidates = [candidate for row in rows if (candidate := _candidate(home.session_texts, row)) is not None]
    return ranked(candidates, concepts, total, question.wants)


def _candidate(folder: Path, row: Row) -> Candidate | None:
    """A passage as it stands in its file; None when the file is gone or does not have it there any more."""
    try:
        with (folder / row.name).open("rb") as stream:
            stream.seek(row.entry_start)
            heading = stream.readline().decode("utf-8", "replace").rstrip("\n")
            stream.seek(row.start)
            raw = stream.read(row.size)
    except OSError:
        return None
    facts = heading_facts(heading)
    if facts.get("id") != row.message_id:
        return None
    text = "\n".join(unquoted(line) for line in raw.split(b"\n"))
    times = searched_times(facts["utc"], facts["local"]) if "utc" in facts else ""
    return Candidate(
        text=text,
        context=f"{row.message_id} {times}",
        at=row.at or 0,
        who=row.who,
        path=row.name,
        line=row.line,
        facts=facts,
        row=row,
    )


def _match(home: Home, candidate: Candidate) -> RecallMatch:
    row: Row = candidate.row
    path = home.session_texts / row.name
    facts = candidate.facts
    metadata: dict[str, Any] = {
        "line": row.line,
        "line_end": row.line_end,
        "heading_line": row.entry_line,
        "session_id": row.session_id,
        "conversation": row.conversation,
        "provider": row.provider,
        "message_id": row.message_id,
        "who": row.who,
        "at_utc": facts.get("utc"),
        "at_local": facts.get("local", "").strip() or None,
        "log_line": int(facts["number"]),
        "archive": row.archive,
        "every_word": candidate.has_all,
    }
    return RecallMatch(
        archive_path=path.relative_to(home.root).as_posix(),
        snippet=_snippet(path, row, candidate.text),
        score=round(candidate.score, 6),
        metadata=metadata,
    )


def _snippet(path: Path, row: Row, text: str) -> str:
    """The passage, and what follows it as far as it is short."""
    if len(text) >= _SNIPPET:
        return text
    with path.open("rb") as stream:
        stream.seek(row.start + row.size)
        after = stream.read(4 * _SNIPPET).split(b"\n")[1:]
    lines = [text]
    left = _SNIPPET - len(text)
    for raw in after:
        if raw.startswith(b"## "):
            line = f"[{heading_facts(raw.decode('utf-8', 'replace')).get('who', '')}]"
        else:
            line = unquoted(raw)
        left -= len(line) + 1
        if left < 0:
            break
        if line:
            lines.append(line)
    return "\n".join(lines)
