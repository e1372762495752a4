"""What the search looks for: the ids of what is forgotten, and pieces of its texts that nothing else has."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator

import duckdb
import polars as pl

from moonshine_assets.exports.forgotten import Conversation

#: Ids of fewer characters than this are no unique names.
SHORT = 8
#: How the name of a needle begins that is a conversation's id.
ID = "conversation id"
#: So many pieces are looked for, of texts spread over the conversations.
MOST = 60
_LEAST_CHARACTERS = 16
_CHARACTERS = 40
_BATCH = 5_000
#: A run of characters that stand in JSON, HTML, Markdown and tables as they are.
_PLAIN = re.compile(r"[A-Za-z0-9 ,.;:!?()_+=-]{16,}")
#: Of texts in other scripts: no white space, quotes, backslashes or marks of HTML.
_OTHER = re.compile(r'[^\s"\\<>&\x00-\x7f]{8,}')

_TEXTS_SQL = """
SELECT DISTINCT text FROM (
    SELECT t.text FROM store.messages m JOIN store.texts t USING (content_sha256)
    WHERE list_contains($ids, m.conversation_id)
    UNION ALL
    SELECT t.text FROM store.blocks b JOIN store.texts t USING (content_sha256)
    WHERE list_contains($ids, b.conversation_id)
    UNION ALL
    SELECT arguments::VARCHAR FROM store.blocks WHERE list_contains($ids, conversation_id)
    UNION ALL
    SELECT title FROM store.conversations WHERE list_contains($ids, conversation_id)
    UNION ALL
    SELECT comment FROM store.feedback WHERE list_contains($ids, conversation_id)
)
WHERE length(text) >= 16
ORDER BY text
"""
_REST_SQL = """
SELECT text FROM store.texts
WHERE content_sha256 IN (
    SELECT content_sha256 FROM store.messages WHERE NOT list_contains($ids, conversation_id)
    UNION ALL
    SELECT content_sha256 FROM store.blocks
    WHERE content_sha256 IS NOT NULL AND NOT list_contains($ids, conversation_id)
)
UNION ALL
SELECT concat_ws(' ', arguments::VARCHAR, payload::VARCHAR) FROM store.blocks
WHERE NOT list_contains($ids, conversation_id)
UNION ALL
SELECT concat_ws(' ', title, project) FROM store.conversations WHERE NOT list_contains($ids, conversation_id)
"""


def pieces_of(connection: duckdb.DuckDBPyConnection, conversation_ids: list[str]) -> Iterator[str]:
    """Pieces of what some conversations of an open run database say, one or two a text."""
    for (text,) in connection.execute(_TEXTS_SQL, {"ids": conversation_ids}).fetchall():
        found = [match[0] for pattern in (_PLAIN, _OTHER) for match in pattern.finditer(text)]
        for longest in sorted(found, key=len, reverse=True)[:2]:
            start = (len(longest) - _CHARACTERS) // 2 if len(longest) > _CHARACTERS else 0
            piece = longest[start : start + _CHARACTERS].strip()
            if len(piece) >= _LEAST_CHARACTERS // 2:
                yield piece


def without_common(connection: duckdb.DuckDBPyConnection, pieces: list[str], conversation_ids: list[str]) -> list[str]:
    """Those of the pieces that no other text of an open run database has."""
    left = list(pieces)
    reader = connection.sql(_REST_SQL, params={"ids": conversation_ids}).to_arrow_reader(_BATCH)
    for batch in reader:
        if not left:
            break
        texts = pl.Series(pl.from_arrow(batch.column(0))).drop_nulls()
        hits = texts.str.extract_many(pl.Series([left]), overlapping=True).list.explode().drop_nulls()
        common = set(hits.to_list())
        left = [piece for piece in left if piece not in common]
    return left


def chosen(pieces: Iterable[str]) -> list[str]:
    """At most MOST pieces, evenly out of all of them."""
    distinct = sorted(set(pieces))
    step = max(1, -(-len(distinct) // MOST))
    return distinct[::step]


class Needle:
    """One thing to look for, in the ways a file may spell it.

    Args:
        name: what the report calls it; never text.
        value: what it is.
    """

    def __init__(self, name: str, value: str) -> None:
        self.name = name
        self.value = value
        #: Too short to be told from parts of hashes and words: only looked for as a string of JSON.
        self.is_short = len(value) < SHORT
        plain, escaped = value.encode("utf-8", errors="replace"), json.dumps(value)[1:-1].encode()
        quote = b'"' if self.is_short else b""
        self.spellings = tuple(dict.fromkeys(quote + spelling + quote for spelling in (plain, escaped)))

    def inside(self, data: bytes) -> bool:
        return any(spelling in data for spelling in self.spellings)


def needles(conversations: Iterable[Conversation], fragments: Iterable[str]) -> list[Needle]:
    """The names of what is looked for count conversations and pieces; they say nothing of them."""
    ids = [
        Needle(f"{ID} {number}", conversation.conversation_id) for number, conversation in enumerate(conversations, 1)
    ]
    return [*ids, *(Needle(f"text fragment {number}", text) for number, text in enumerate(fragments, 1))]
