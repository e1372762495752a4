"""Nothing is trained twice: of rows that teach the same, the first by record_uid stays."""

from __future__ import annotations

from moonshine_assets.lanes.books import Books
from moonshine_assets.lanes.spill import Entry


def drop_repeats(books: Books) -> None:
    """Drop rows whose training content another row has; core rows go before extra ones."""
    books.entries.sort(key=lambda entry: (entry.tier, entry.record_uid))
    seen: set[bytes] = set()

    def repeated(entry: Entry) -> bool:
        if entry.identity in seen:
            return True
        seen.add(entry.identity)
        return False

    books.drop("same_as_another_row", repeated)
