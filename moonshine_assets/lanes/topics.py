"""Topic clusters: cheap, and the same for the same rows.

The topic of a conversation is the word of what the person said with the highest tf-idf among words that other
conversations have too. It knows no synonyms; for a cap on what one subject takes of a lane that is enough.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from math import log

from moonshine_assets.lanes.spill import Entry

_WORD = re.compile(r"[^\W\d_]{4,24}")
_CHARACTERS = 2_000
_WORDS = 24
#: A word of more conversations than this share is no topic.
_COMMON = 0.2


def words_of(said: Iterable[str]) -> str:
    """The most frequent words of the first 2,000 characters, each with its count: `word:3 other:1`."""
    counts = Counter(_WORD.findall(" ".join(said)[:_CHARACTERS].lower()))
    chosen = sorted(counts.items(), key=lambda item: (-item[1], -len(item[0]), item[0]))[:_WORDS]
    return " ".join(f"{word}:{count}" for word, count in chosen)


def topics(entries: Sequence[Entry]) -> dict[str, str]:
    """Topic by record_uid; a row without a word that others share is a topic of its own."""
    found = {entry.record_uid: _counts(str(entry.facts["words"])) for entry in entries}
    frequency = Counter(word for counts in found.values() for word in counts)
    most = max(2.0, _COMMON * len(entries))
    return {
        uid: max(
            (word for word in counts if 2 <= frequency[word] <= most),
            key=lambda word: (counts[word] * log(len(entries) / frequency[word] + 1), word),
            default=uid,
        )
        for uid, counts in found.items()
    }


def _counts(words: str) -> dict[str, int]:
    pairs = (item.rpartition(":") for item in words.split())
    return {word: int(count) for word, _, count in pairs}


def cap(entries: Sequence[Entry], groups: dict[str, str], share: float) -> set[str]:
    """record_uid of the rows to leave out so that no topic is more than `share` of those that stay.

    Of a topic the rows with the most tokens stay. Where there are too few topics for any such choice (one for
    each `share`), nothing is left out.
    """
    sizes = Counter(groups[entry.record_uid] for entry in entries)

    def too_many(limit: int) -> bool:
        return limit > share * sum(min(size, limit) for size in sizes.values())

    # The share of the largest topic grows with the limit, so the largest limit that holds can be searched for.
    limit = bisect_left(range(1, max(sizes.values(), default=0) + 1), True, key=too_many)
    if not limit:
        return set()
    taken: Counter[str] = Counter()
    over: set[str] = set()
    for entry in sorted(entries, key=lambda entry: (-entry.tokens, entry.record_uid)):
        topic = groups[entry.record_uid]
        taken[topic] += 1
        if taken[topic] > limit:
            over.add(entry.record_uid)
    return over
