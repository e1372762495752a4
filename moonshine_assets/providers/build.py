"""Read a secured export into the draft database of its run: conversation by conversation, everything accounted for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import ModuleType
from typing import Any

from moonshine_assets.errors import BadInput, Unreadable
from moonshine_assets.exports.adapters import BY_PROVIDER
from moonshine_assets.exports.container import Container, opened
from moonshine_assets.exports.records import ANONYMOUS, ExportContext, ParsedConversation, RawElement
from moonshine_assets.exports.split import mapped, split
from moonshine_assets.exports.tree import Arranged, arrange
from moonshine_assets.providers.receipt import Tally, receipt_rows, structure_bytes
from moonshine_assets.providers.rows import CountMany
from moonshine_assets.providers.writer import Provenance, RunWriter
from moonshine_assets.tables import RECEIPTS
from moonshine_resources.atomic import remove_tree
from moonshine_resources.duckdb import connect, transaction
from moonshine_resources.home import RunPaths

#: Called with (bytes read so far, bytes in total).
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class _Written:
    """What is remembered of a conversation, to deal with a further copy of it."""

    tally: Tally
    size: int
    nodes: dict[str, int]
    rank: tuple[int, int]
    digest: int


def build_draft(
    run: RunPaths, lock: dict[str, Any], raw: Path, count_many: CountMany, progress: Progress | None = None
) -> None:
    """Write `run.database_draft` anew from the secured export.

    Args:
        run: paths of the run.
        lock: its source lock.
        raw: the secured copy of the export.
        count_many: exact token counts of texts, in order.
        progress: told after each conversation.

    Raises:
        BadInput: the export cannot be split into conversations, or holds no text at all.
    """
    draft = run.database_draft
    for leftover in (draft, draft.with_name(draft.name + ".wal")):
        leftover.unlink(missing_ok=True)
    draft.parent.mkdir(parents=True, exist_ok=True)
    remove_tree(run.work)
    provenance = Provenance(
        provider=run.provider,
        provider_run_id=run.run_id,
        source_file_sha256=lock["source_sha256"],
        source_path=lock["source_path"],
        ingested_at=datetime.fromisoformat(lock["registered_at"]).replace(tzinfo=None),
    )
    try:
        with opened(raw, lock["source_path"]) as container, connect(draft, read_only=False) as connection:
            # One transaction: autocommit would write every batch twice, to the log and to the file.
            with transaction(connection), RunWriter(connection, provenance, count_many) as writer:
                reader = _Reader(BY_PROVIDER[run.provider], container, lock, writer, run.work, progress)
                tallies = reader.read()
                writer.finish()
                writer.insert(RECEIPTS, receipt_rows(connection, tallies))
            (characters,) = connection.execute("SELECT coalesce(sum(length(text)), 0) FROM store.texts").fetchall()[0]
    finally:
        remove_tree(run.work)
    if not characters:
        raise BadInput(
            "no text at all was found in the export's conversations",
            where=lock["source_path"],
            fix="check that the export is complete; if it is, this form of it is not known yet",
        )


class _Reader:
    """One pass over an export's conversation files."""

    def __init__(
        self,
        adapter: ModuleType,
        container: Container,
        lock: dict[str, Any],
        writer: RunWriter,
        work: Path,
        progress: Progress | None,
    ) -> None:
        self._adapter = adapter
        self._container = container
        self._members: list[str] = lock["members"]
        self._writer = writer
        self._work = work
        self._progress = progress
        self._context: ExportContext = adapter.context(container.read, container.sizes)
        self._written: dict[str, _Written] = {}
        self._done = 0
        self._total = sum(container.sizes[name] for name in self._members)

    def read(self) -> list[Tally]:
        """Read every conversation file; the tallies of all files, sidecars included."""
        tallies = [self._read_member(name) for name in self._members]
        taken = set(self._members)
        for name, size in self._container.sizes.items():
            if name not in taken:
                role = "sidecar" if self._adapter.sidecar(name) else "attachment"
                tallies.append(Tally(name, role, size))
        return tallies

    def _read_member(self, name: str) -> Tally:
        path = self._container.on_disk(name, self._work)
        with mapped(path) as view:
            found = split(path, view)
            tally = Tally(name, "conversations", len(view))
            tally.add(bytes_structure=structure_bytes(found, view))
            for rank, (start, end) in enumerate(found.spans):
                given_id = found.names[rank] if found.names else None
                self._read_element(RawElement(name, rank, start, end, view[start:end]), tally, given_id)
                if self._progress is not None:
                    self._progress(self._done + end, self._total)
        self._done += tally.bytes_total
        return tally

    def _read_element(self, element: RawElement, tally: Tally, given_id: str | None) -> None:
        size = element.end - element.start
        tally.add(conversations_in=1)
        try:
            parsed: ParsedConversation = self._adapter.parse(element.data, self._context)
        except Unreadable as error:
            tally.add(conversations_quarantined=1, bytes_quarantined=size)
            self._writer.quarantine(element, unit="conversation", reason=str(error))
            return
        if given_id and parsed.conversation_id.startswith(ANONYMOUS):
            parsed.conversation_id = given_id
        arranged = arrange(parsed)
        tally.add(nodes_in=parsed.nodes_in, bytes_conversations=size)
        mine = _Written(
            tally=tally,
            size=size,
            nodes={
                "nodes_structural": arranged.structural,
                "nodes_duplicate": arranged.duplicates,
                "nodes_quarantined": len(parsed.bad_nodes),
            },
            rank=(parsed.updated_at or 0, parsed.nodes_in),
            digest=hash(bytes(element.data)),
        )
        earlier = self._written.get(parsed.conversation_id)
        if earlier is None:
            self._keep(parsed, arranged, element, mine)
        elif mine.rank > earlier.rank:
            self._replace(parsed, arranged, element, mine, earlier)
        else:
            tally.add(conversations_duplicate=1, nodes_duplicate=parsed.nodes_in)
            if mine.digest != earlier.digest:
                self._writer.quarantine(
                    element,
                    unit="older_copy",
                    reason="a further, not newer copy of a conversation of this export",
                    conversation_id=parsed.conversation_id,
                )

    def _keep(self, parsed: ParsedConversation, arranged: Arranged, element: RawElement, mine: _Written) -> None:
        kind = "conversations_written" if arranged.messages or parsed.bad_nodes else "conversations_empty"
        mine.tally.add(**{kind: 1}, **mine.nodes)
        self._written[parsed.conversation_id] = mine
        self._writer.add(parsed, arranged, element)

    def _replace(
        self,
        parsed: ParsedConversation,
        arranged: Arranged,
        element: RawElement,
        mine: _Written,
        earlier: _Written,
    ) -> None:
        """A newer copy: the earlier one becomes the duplicate, its bytes are kept in quarantine."""
        kept = self._writer.take_out(parsed.conversation_id)
        earlier.tally.add(**{name: -count for name, count in earlier.nodes.items()})
        kind = "conversations_written" if kept.messages or earlier.nodes["nodes_quarantined"] else "conversations_empty"
        earlier.tally.add(**{kind: -1}, conversations_duplicate=1)
        earlier.tally.add(nodes_duplicate=kept.messages + sum(earlier.nodes.values()))
        self._writer.quarantine(
            RawElement(kept.member, kept.rank, kept.start, kept.end, self._bytes_of(kept.member, kept.start, kept.end)),
            unit="older_copy",
            reason="an older copy of a conversation of this export",
            conversation_id=parsed.conversation_id,
        )
        self._keep(parsed, arranged, element, mine)

    def _bytes_of(self, member: str, start: int, end: int) -> memoryview:
        with self._container.on_disk(member, self._work).open("rb") as stream:
            stream.seek(start)
            return memoryview(stream.read(end - start))


def walk_members(raw: Path, lock: dict[str, Any], work: Path) -> Iterator[tuple[str, Path]]:
    """The conversation files of a secured export as (name, path with its bytes)."""
    with opened(raw, lock["source_path"]) as container:
        for name in lock["members"]:
            yield name, container.on_disk(name, work)
