"""What of a run the format radar looks at: all of a small export, a part of a large one, always the same part.

Unpacking and looking cost time. Of a large export it is one conversation (of logs: one record) in ONE_IN, in a zip
those in the first part of each file; and those in which the adapter met something it does not know.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from types import ModuleType
from typing import Any

import duckdb

from moonshine_assets.exports.adapters import BY_PROVIDER
from moonshine_assets.exports.container import Container, opened
from moonshine_assets.exports.known.inventory import Known
from moonshine_assets.exports.looking import Looking
from moonshine_assets.exports.pieces import file_pieces, has_file_pieces
from moonshine_assets.exports.split import mapped
from moonshine_assets.gates import rows
from moonshine_resources.atomic import remove_tree
from moonshine_resources.home import RunPaths

#: Up to so many bytes every conversation (of logs: every record) is looked at, beyond them one in ONE_IN.
ALL_BYTES = 20_000_000
ONE_IN = 12
#: So many conversations in which the adapter met something are looked at besides.
_MOST_MET = 200
#: Shape under which quarantined conversations are listed.
QUARANTINED = "quarantined"

_PLACES_SQL = """
    SELECT conversation_id, shape, raw_member, raw_index, raw_start, raw_end
    FROM store.conversations
    ORDER BY raw_member, raw_start, raw_end
"""
#: The first conversation with each kind of part that the adapter keeps as it stands, and those with odd messages.
_MET_SQL = """
    SELECT coalesce(payload ->> 'content_type', payload ->> 'type') AS kind, min(conversation_id) AS conversation_id
    FROM store.blocks AS blocks
    WHERE blocks.kind = 'raw' AND coalesce(payload ->> 'content_type', payload ->> 'type') IS NOT NULL
    GROUP BY ALL
    UNION ALL
    SELECT NULL AS kind, conversation_id
    FROM store.messages
    WHERE list_has_any(flags, ['unknown_role', 'odd_content'])
    GROUP BY ALL
    ORDER BY ALL
    LIMIT ?
"""
_QUARANTINE_SQL = """
    SELECT raw_index, raw
    FROM store.quarantine
    WHERE unit = 'conversation' AND quarantine_id % ? = 0
    ORDER BY quarantine_id
"""

Place = dict[str, Any]


def look_at_run(
    connection: duckdb.DuckDBPyConnection, known: Known, run: RunPaths, lock: dict[str, Any], raw: Path
) -> tuple[int, Looking]:
    """One in how many conversations was looked at, and what was found.

    Args:
        connection: the run's database or draft: it knows where the conversations stand.
        known: the inventory of its provider.
        run: paths of the run.
        lock: its source lock.
        raw: the secured copy of the export.
    """
    adapter = BY_PROVIDER[run.provider]
    looking = Looking(known)
    by_member: dict[str, list[Place]] = {member: [] for member in lock["members"]}
    shapes: Counter[str] = Counter()
    for place in rows(connection, _PLACES_SQL):
        by_member.setdefault(place["raw_member"], []).append(place)
        shapes[place["shape"]] += 1
    usual = shapes.most_common(1)[0][0] if shapes else str(lock["shape"])
    try:
        with opened(raw, lock["source_path"]) as container:
            total = sum(container.sizes.get(member, 0) for member in by_member)
            step = 1 if total <= ALL_BYTES else ONE_IN
            met = set() if step == 1 else _met(connection, known)
            for member, there in by_member.items():
                if not has_file_pieces(adapter) or not _look_at_file(
                    looking, adapter, known, container, member, there[0]["shape"] if there else usual, step, run.work
                ):
                    _look_at_places(looking, container, member, there, met, step, run.work)
    finally:
        remove_tree(run.work)
    if not hasattr(adapter, "claim_lines"):
        for row in rows(connection, _QUARANTINE_SQL, [step]):
            looking.take(QUARANTINED, row["raw"], row["raw_index"])
    return step, looking


def _met(connection: duckdb.DuckDBPyConnection, known: Known) -> set[str]:
    """Conversations in which the adapter met something that is not known."""
    named: set[str | None] = set().union(*known.values.values())
    return {row["conversation_id"] for row in rows(connection, _MET_SQL, [_MOST_MET]) if row["kind"] not in named}


def _look_at_file(
    looking: Looking,
    adapter: ModuleType,
    known: Known,
    container: Container,
    member: str,
    shape: str,
    step: int,
    work: Path,
) -> bool:
    """Look at the records of a log or a table; False where the file's conversations are JSON of their own."""
    with mapped(container.on_disk(member, work)) as view:
        pieces = file_pieces(adapter, known, member, view, container.read_whole)
        if pieces is None:
            return False
        for rank, piece in enumerate(pieces):
            if rank % step == 0:
                looking.take(shape, piece, rank)
    return True


def _look_at_places(
    looking: Looking, container: Container, member: str, there: list[Place], met: set[str], step: int, work: Path
) -> None:
    if not there:
        return
    strange = [place for place in there if place["conversation_id"] in met]
    is_packed = container.zip is not None and not (container.read(member, 64) or b"").lstrip().startswith(b'"')
    if step > 1 and is_packed and not strange:
        first = [place for place in there if place["raw_end"] * step <= container.sizes[member]] or there[:1]
        _look(looking, memoryview(container.read(member, first[-1]["raw_end"]) or b""), first)
        return
    with mapped(container.on_disk(member, work)) as view:
        _look(looking, view, there[::step] + [place for place in strange if there.index(place) % step])


def _look(looking: Looking, data: memoryview, chosen: list[Place]) -> None:
    for place in chosen:
        looking.take(place["shape"], data[place["raw_start"] : place["raw_end"]], place["raw_index"])
