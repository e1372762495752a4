"""The passages that are likely to answer, by what the index alone knows of them.

Those with everything that is looked for come before those with some of it: among a hundred thousand messages, words
that each stand everywhere stand together in few.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import NamedTuple

from moonshine_assets.sessions.recall.kinds import COMMAND, Wants
from moonshine_assets.sessions.recall.question import Question
from moonshine_assets.sessions.recall.rank import Concept
from moonshine_assets.sessions.recall.terms import stem

#: Passages that are looked at closely; where a command is asked for, so many more that have one.
_CANDIDATES = 200
_WITH_COMMAND = 60
#: Words of one stem that stand for a word of the question.
_VARIANTS = 8
#: Words in more than one passage of so many are not searched for by themselves beside rarer ones.
_COMMON = 12
_WEIGHTS = "1.0, 0.7, 0.9"


class Row(NamedTuple):
    """A passage as the index has it, with its entry (`entry_…`, `at`, `who`, `message_id`) and its part."""

    passage: int
    line: int
    line_end: int
    start: int
    size: int
    entry_line: int
    entry_start: int
    at: int | None
    who: str
    message_id: str
    name: str
    session_id: str
    provider: str
    conversation: str
    archive: str


def passages_in(connection: sqlite3.Connection) -> int:
    """How many passages there are."""
    return int(connection.execute("SELECT count(*) FROM passages").fetchone()[0])


def concepts_of(connection: sqlite3.Connection, question: Question, total: int) -> list[Concept]:
    """What is looked for, as far as any text has it."""
    found = []
    for literal in question.literals:
        counts = [_frequency(connection, word) for word in literal.words]
        if all(counts):
            # its words stand together in no more texts than the rarest of them alone, mostly in far fewer
            found.append(Concept((literal.words,), max(1, min(counts) // len(counts)), literal.text))
        else:
            present = [word for word, count in zip(literal.words, counts, strict=True) if count]
            found += [Concept(((word,),), _frequency(connection, word)) for word in present]
    for word in question.words:
        variants = _variants(connection, word)
        if variants:
            passages = min(total, sum(count for _, count in variants))
            found.append(Concept(tuple((name,) for name, _ in variants), passages))
    return list(dict.fromkeys(found))


def _frequency(connection: sqlite3.Connection, word: str) -> int:
    row = connection.execute("SELECT doc FROM vocabulary WHERE term = ?", (word,)).fetchone()
    return int(row[0]) if row is not None else 0


def _variants(connection: sqlite3.Connection, word: str) -> list[tuple[str, int]]:
    """The word itself and others of its stem, the more frequent first; where there are none, words it begins."""
    root = stem(word)
    rows = connection.execute(
        "SELECT term, doc FROM vocabulary WHERE term >= ? AND term < ? LIMIT 2000", (root, root + "\U0010ffff")
    ).fetchall()
    same = [(term, count) for term, count in rows if term == word or stem(term) == root]
    chosen = same or [(term, count) for term, count in rows if len(word) > 2]
    chosen.sort(key=lambda one: (one[0] != word, -one[1], one[0]))
    return [(term, int(count)) for term, count in chosen[:_VARIANTS]]


def likely(
    connection: sqlite3.Connection, concepts: Sequence[Concept], total: int, wants: Wants, session: str | None
) -> list[Row]:
    """The passages to be looked at, each once.

    Args:
        connection: the index.
        concepts: what is looked for, as `concepts_of` gives it.
        total: how many passages there are.
        wants: what kind of answer is asked for.
        session: only passages of this session; None: of all.
    """
    if not concepts:
        return []
    everything = " AND ".join(one.expression for one in concepts)
    rare = [one for one in concepts if one.passages * _COMMON <= total] or concepts
    anything = " OR ".join(one.expression for one in rare)
    rows = _rows(connection, everything, _CANDIDATES, session)
    if wants.command:
        commands = _rows(connection, f"({everything}) AND {COMMAND}", _WITH_COMMAND, session)
        if len(commands) < _WITH_COMMAND:
            commands += _rows(connection, f"({anything}) AND {COMMAND}", _WITH_COMMAND - len(commands), session)
        rows += commands
    if len(rows) < _CANDIDATES:
        rows += _rows(connection, anything, _CANDIDATES, session)
    return list({row.passage: row for row in rows}.values())


def _rows(connection: sqlite3.Connection, wanted: str, limit: int, session: str | None) -> list[Row]:
    """The best passages by BM25 for an expression of the full-text search."""
    condition, inner = "", f"ORDER BY score, rowid DESC LIMIT {2 * limit}"
    if session is not None:
        condition, inner = "WHERE p.session_id = :session", ""
    found = connection.execute(
        f"""
        SELECT g.id, g.line, g.line_end, g.start, g.size, e.line, e.start, e.at, e.who, e.message_id,
               p.name, p.session_id, p.provider, p.conversation, p.archive
        FROM (SELECT rowid, bm25(words, {_WEIGHTS}) AS score FROM words WHERE words MATCH :wanted {inner}) AS w
        JOIN passages AS g ON g.id = w.rowid JOIN entries AS e ON e.id = g.entry JOIN parts AS p ON p.id = e.part
        {condition}
        ORDER BY w.score, w.rowid DESC LIMIT {limit}
        """,  # noqa: S608 - our own words and numbers
        {"wanted": wanted, "session": session},
    )
    return [Row(*row) for row in found]
