"""One pass over an agent's log: what its adapter yields to the writer, every byte of every file to a tally.

A conversation may stand in several files, and a file may hold several. It belongs to the first of its files that has
bytes of it; the bytes of the others are counted with those files.
"""

from __future__ import annotations

from collections.abc import Iterator

from moonshine_assets.errors import MoonshineError, Unreadable
from moonshine_assets.exports.records import LogConversation, RawElement
from moonshine_assets.providers.categories import UNREADABLE
from moonshine_assets.providers.reader import Reader
from moonshine_assets.providers.receipt import Tally
from moonshine_resources import storage


class LogReader(Reader):
    """As `Reader`, for adapters with `conversations(read, names)`; of several copies of a session the newest counts."""

    def read(self) -> list[Tally]:
        """Read every file of the log; the tallies of all files, sidecars included."""
        sizes = self._container.sizes
        self._tallies = {name: Tally(name, "conversations", sizes[name]) for name in self._members}
        self._left = {name: sizes[name] for name in self._members}
        self._ranks = dict.fromkeys(self._members, 0)
        self._last: tuple[str, bytes | None] = ("", None)
        #: Where in the scratch file the bytes of a conversation are that shares its file with others.
        self._shared: dict[tuple[str, int], tuple[int, int]] = {}
        for found in self._conversations(self._members):
            self._take_log(found)
            if self._progress is not None:
                self._progress(self._total - sum(self._left.values()), self._total)
        return [*self._tallies.values(), *self._without_conversations()]

    def _conversations(self, names: list[str]) -> Iterator[LogConversation]:
        """What the adapter yields. Where it stumbles, the files that are left are given to it one by one: the one it
        cannot take is kept as it stands, and costs no other."""
        try:
            yield from self._adapter.conversations(self._read_whole, names)
        except (MoonshineError, MemoryError):
            raise
        except Exception as error:
            reason = f"the {self._adapter.PROVIDER} adapter failed with {type(error).__name__}"
            for name in (name for name in names if self._left[name]):
                if len(names) == 1 or self._left[name] < self._container.sizes[name]:
                    data = self._read_whole(name) or b""
                    yield LogConversation(None, reason, {name: self._left[name]}, data)
                else:
                    yield from self._conversations([name])

    def _read_whole(self, name: str) -> bytes | None:
        """A file of the log or beside it. Adapters ask for a file again right after they looked at it."""
        if self._last[0] != name:
            self._last = (name, None)  # the one before is let go first
            self._last = (name, self._container.read_whole(name))
        return self._last[1]

    def _take_log(self, found: LogConversation) -> None:
        for name, size in found.members.items():
            self._left[name] -= size
        reason = found.reason or ""
        if found.parsed is not None:
            try:
                arranged = self._arranged(found.parsed)
            except Unreadable as error:
                reason = str(error)
            else:
                first = next((name for name, size in found.members.items() if size), next(iter(found.members)))
                element = self._element(first, found)
                self._keep(found.parsed, arranged, element, self._tallies[first], found.members[first])
                for name, size in found.members.items():
                    if name != first:
                        self._tallies[name].add(bytes_conversations=size)
                return
        for name, size in found.members.items():
            self._set_apart(name, size, found, reason)

    def _set_apart(self, name: str, size: int, found: LogConversation, reason: str) -> None:
        """Keep the part of an unreadable conversation that stands in one file: the file where all of it is, else what
        the adapter read; what is around that in the file (line breaks, pages of a database) is structure."""
        is_whole = size == self._container.sizes[name]
        raw = (self._read_whole(name) or b"") if is_whole else found.data
        kept = min(size, len(raw))
        tally = self._tallies[name]
        tally.add(conversations_in=1, conversations_quarantined=1, bytes_quarantined=kept, bytes_structure=size - kept)
        tally.categories.take(UNREADABLE)
        element = RawElement(name, self._rank(name), 0, kept, memoryview(raw))
        self._writer.quarantine(element, unit="conversation", reason=reason)

    def _element(self, name: str, found: LogConversation) -> RawElement:
        """The conversation in its file: in all of it where lines of several stand between one another."""
        self._tallies[name].add(conversations_in=1)
        rank, size = self._rank(name), self._container.sizes[name]
        if found.members[name] != size or len(found.members) > 1:
            self._shared[name, rank] = self._aside(found.data)
        return RawElement(name, rank, 0, size, memoryview(found.data))

    def _rank(self, name: str) -> int:
        self._ranks[name] += 1
        return self._ranks[name] - 1

    def _aside(self, data: bytes) -> tuple[int, int]:
        with storage.writing(self._work):
            self._work.mkdir(parents=True, exist_ok=True)
            with (self._work / "shared").open("ab") as stream:
                start = stream.tell()
                stream.write(data)
        return start, start + len(data)

    def _bytes_of(self, element: RawElement) -> bytes:
        place = self._shared.get((element.member, element.rank))
        if place is None:
            return self._read_whole(element.member) or b""
        with (self._work / "shared").open("rb") as stream:
            stream.seek(place[0])
            return stream.read(place[1] - place[0])
