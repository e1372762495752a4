"""Read a secured export into the draft database of its run: conversation by conversation, everything accounted for."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from moonshine_assets.errors import BadInput
from moonshine_assets.exports.adapters import BY_PROVIDER
from moonshine_assets.exports.container import opened
from moonshine_assets.providers.categories import category_rows
from moonshine_assets.providers.log_reader import LogReader
from moonshine_assets.providers.reader import Progress, Reader
from moonshine_assets.providers.receipt import receipt_rows, with_forgotten
from moonshine_assets.providers.rows import CountMany
from moonshine_assets.providers.writer import Provenance, RunWriter
from moonshine_assets.tables import RECEIPT_CATEGORIES, RECEIPTS
from moonshine_resources import storage
from moonshine_resources.atomic import remove_tree
from moonshine_resources.duckdb import connect
from moonshine_resources.home import RunPaths

#: Beyond this DuckDB spills beside the draft. Half of it is too little for one text of 65 MB.
DRAFT_MEMORY = "256MB"
#: Rows that are compressed together: of messages of the usual length some 20 MB.
DRAFT_ROW_GROUP = 8_192


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
        StorageFull: there is no space for the draft, or to unpack a member.

    After any failure there is no draft.
    """
    provenance = Provenance(
        provider=run.provider,
        provider_run_id=run.run_id,
        source_file_sha256=lock["source_sha256"],
        source_path=lock["source_path"],
        ingested_at=datetime.fromisoformat(lock["registered_at"]).replace(tzinfo=None),
    )
    draft = run.database_draft
    _remove_draft(draft)
    remove_tree(run.work)
    try:
        with storage.writing(draft):
            draft.parent.mkdir(parents=True, exist_ok=True)
        with (
            opened(raw, lock["source_path"]) as container,
            connect(draft, read_only=False, memory_limit=DRAFT_MEMORY, row_group_rows=DRAFT_ROW_GROUP) as connection,
        ):
            with RunWriter(connection, provenance, count_many) as writer:
                adapter = BY_PROVIDER[run.provider]
                reading = LogReader if hasattr(adapter, "conversations") else Reader
                tallies = reading(adapter, container, lock["members"], writer, run.work, progress).read()
                tallies = with_forgotten(tallies, lock)
                writer.finish()
                writer.insert(RECEIPTS, receipt_rows(connection, tallies))
                categories = ((tally.member, tally.categories) for tally in tallies)
                writer.insert(RECEIPT_CATEGORIES, category_rows(connection, categories))
            if "forgotten" not in lock:
                _require_text(connection)
    except BaseException as error:
        _remove_draft(draft)
        if isinstance(error, BadInput):
            error.inside(lock["source_path"])
        raise
    finally:
        remove_tree(run.work)


def _remove_draft(draft: Path) -> None:
    """The draft with what DuckDB keeps beside it: its log, and what it spilled."""
    draft.unlink(missing_ok=True)
    draft.with_name(draft.name + ".wal").unlink(missing_ok=True)
    remove_tree(draft.with_name(draft.name + ".tmp"))


def _require_text(connection: duckdb.DuckDBPyConnection) -> None:
    if connection.execute("SELECT 1 FROM store.texts WHERE text <> '' LIMIT 1").fetchone() is None:
        reasons = connection.execute("SELECT reason FROM store.quarantine WHERE unit = 'conversation'").fetchall()
        if reasons:
            raise BadInput(
                "no text at all was found: none of its conversations could be read"
                f" ({len(reasons)}, the first: {reasons[0][0]})",
                fix="download the export again; if it is complete, this form of it is not known yet",
            )
        raise BadInput(
            "no text at all was found in the export's conversations",
            fix="check that the export is complete; if it is, this form of it is not known yet",
        )
