"""One pass over the conversation files of an export: every conversation to the writer, every byte to a tally."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from moonshine_assets.errors import Unreadable
from moonshine_assets.exports.container import Container
from moonshine_assets.exports.found import Found, found_in
from moonshine_assets.exports.records import ExportContext, ParsedConversation, RawElement
from moonshine_assets.exports.split import mapped
from moonshine_assets.exports.tree import Arranged, arrange
from moonshine_assets.providers.categories import UNREADABLE, Parts, counted
from moonshine_assets.providers.receipt import Tally, structure_bytes
from moonshine_assets.providers.writer import RunWriter

#: Called with (bytes read so far, bytes in total).
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class _Written:
    """What is remembered of a conversation, to deal with a further copy of it."""

    tally: Tally
    kind: str
    messages: int
    nodes: dict[str, int]
    parts: Parts
    rank: tuple[int, int]
    element: RawElement


class Reader:
    """Reads an export; of several copies of a conversation the newest is written, the others are kept in quarantine.

    Args:
        adapter: the provider's adapter module.
        container: the opened export.
        members: its conversation files, in order.
        writer: takes the conversations.
        work: scratch folder for members that must be unpacked.
        progress: told after each conversation.
    """

    def __init__(
        self,
        adapter: ModuleType,
        container: Container,
        members: list[str],
        writer: RunWriter,
        work: Path,
        progress: Progress | None,
    ) -> None:
        self._adapter = adapter
        self._container = container
        self._members = members
        self._writer = writer
        self._work = work
        self._progress = progress
        self._context: ExportContext = (
            adapter.context(container.read, container.sizes) if hasattr(adapter, "context") else ExportContext()
        )
        self._paths: dict[str, Path] = {}
        self._written: dict[str, _Written] = {}
        self._done = 0
        self._total = sum(container.sizes[name] for name in self._members)

    def read(self) -> list[Tally]:
        """Read every conversation file; the tallies of all files, sidecars included."""
        tallies = [self._read_member(name) for name in self._members]
        self._read_feedback()
        return tallies + self._without_conversations()

    def _without_conversations(self) -> list[Tally]:
        """The tallies of the files that no conversations are read from."""
        taken = set(self._members)
        others = [
            Tally(name, "sidecar" if self._adapter.sidecar(name) else "attachment", size)
            for name, size in self._container.sizes.items()
            if name not in taken
        ]
        return others + [Tally(name, "ignored", size) for name, size in self._container.clutter.items()]

    def _read_feedback(self) -> None:
        """Ratings and comparisons in files of their own; their bytes are counted as those of any sidecar."""
        feedback = getattr(self._adapter, "feedback", None)
        if feedback is not None:
            for record in feedback(self._container.read, self._container.sizes):
                self._writer.state(record)

    def _read_member(self, name: str) -> Tally:
        path = self._paths[name] = self._container.on_disk(name, self._work)
        with mapped(path) as view:
            spans, conversations = found_in(self._adapter, name, path, view, self._context)
            tally = Tally(name, "conversations", self._container.sizes[name])
            read = 0
            for found in conversations:
                size = found.element.end - found.element.start
                read += size
                self._take(found, tally, size)
                if self._progress is not None:
                    self._progress(self._done + found.element.end, self._total)
            # JSON inside a JSON string is read as what it holds; the quoting around it is structure too.
            around = structure_bytes(spans, view) if spans is not None else len(view) - read
            tally.add(bytes_structure=around + tally.bytes_total - len(view))
        self._done += tally.bytes_total
        return tally

    def _take(self, found: Found, tally: Tally, size: int) -> None:
        element = found.element
        tally.add(conversations_in=1)
        try:
            if found.parsed is None:
                raise Unreadable(found.reason)
            parsed = found.parsed
            arranged = self._arranged(parsed)
        except Unreadable as error:
            tally.add(conversations_quarantined=1, bytes_quarantined=size)
            tally.categories.take(UNREADABLE)
            self._writer.quarantine(element, unit="conversation", reason=str(error))
            return
        self._keep(parsed, arranged, element, tally, size)

    def _keep(
        self, parsed: ParsedConversation, arranged: Arranged, element: RawElement, tally: Tally, size: int
    ) -> None:
        """Write a conversation, unless a newer copy of it is there already."""
        replayed = min(parsed.replayed, arranged.structural)
        tally.add(nodes_in=parsed.nodes_in, bytes_conversations=size, nodes_replayed=replayed)
        parts = counted(parsed, arranged)
        tally.categories.take(parts)
        mine = _Written(
            tally=tally,
            kind="conversations_written" if arranged.messages or parsed.bad_nodes else "conversations_empty",
            messages=len(arranged.messages),
            nodes={
                "nodes_structural": arranged.structural - replayed,
                "nodes_duplicate": arranged.duplicates + replayed,
                "nodes_quarantined": len(parsed.bad_nodes),
            },
            parts=parts,
            rank=(parsed.updated_at or 0, parsed.nodes_in),
            element=element._replace(data=memoryview(b"")),
        )
        earlier = self._written.get(parsed.conversation_id)
        if earlier is None:
            self._count(parsed, mine)
            self._writer.add(parsed, arranged, element)
        elif mine.rank > earlier.rank:
            self._set_aside(parsed.conversation_id, earlier)
            self._count(parsed, mine)
            self._writer.replace(parsed, arranged, element)
        else:
            tally.add(conversations_duplicate=1, nodes_duplicate=parsed.nodes_in)
            tally.categories.set_aside(parts)
            if bytes(element.data) != self._bytes_of(earlier.element):
                tally.add(conversations_older=1)
                self._writer.quarantine(
                    element,
                    unit="older_copy",
                    reason="a further, not newer copy of a conversation of this export",
                    conversation_id=parsed.conversation_id,
                )

    def _arranged(self, parsed: ParsedConversation) -> Arranged:
        """Raises Unreadable for a tree that cannot be arranged: one conversation never costs the others."""
        try:
            return arrange(parsed)
        except MemoryError:
            raise
        except Exception as error:
            raise Unreadable(f"the {self._adapter.PROVIDER} adapter failed with {type(error).__name__}") from error

    def _count(self, parsed: ParsedConversation, mine: _Written) -> None:
        mine.tally.add(**{mine.kind: 1}, **mine.nodes)
        self._written[parsed.conversation_id] = mine

    def _set_aside(self, conversation_id: str, earlier: _Written) -> None:
        """A newer copy is there: the earlier one becomes the duplicate, its bytes are kept in quarantine."""
        earlier.tally.add(**{name: -count for name, count in earlier.nodes.items()})
        earlier.tally.add(**{earlier.kind: -1}, conversations_duplicate=1, conversations_older=1)
        earlier.tally.add(nodes_duplicate=earlier.messages + sum(earlier.nodes.values()))
        earlier.tally.categories.set_aside(earlier.parts)
        self._writer.quarantine(
            earlier.element._replace(data=memoryview(self._bytes_of(earlier.element))),
            unit="older_copy",
            reason="an older copy of a conversation of this export",
            conversation_id=conversation_id,
        )

    def _bytes_of(self, element: RawElement) -> bytes:
        """The bytes of a conversation that was read before."""
        with self._paths[element.member].open("rb") as stream:
            stream.seek(element.start)
            return stream.read(element.end - element.start)
