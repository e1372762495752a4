"""The run's database, produced once: draft, gates, final name. A published one is checked again, never rebuilt."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from moonshine_assets.archive.run_archive import archived_build
from moonshine_assets.errors import Corruption
from moonshine_assets.gates import Verdict, rows
from moonshine_assets.providers.build import Progress, build_draft
from moonshine_assets.providers.categories import ByFile, receipt_by_category
from moonshine_assets.providers.publish import publish_database, write_provenance
from moonshine_assets.providers.rows import CountMany
from moonshine_resources.atomic import read_json, sha256_file
from moonshine_resources.duckdb import connect
from moonshine_resources.home import RunPaths


class Produced(NamedTuple):
    """What became of a run's database; `manifest` is None when a gate refused the draft."""

    verdicts: list[Verdict]
    receipts: list[dict[str, Any]]
    categories: ByFile
    manifest: dict[str, Any] | None


def produce_database(
    run: RunPaths,
    lock: dict[str, Any],
    raw: Path,
    count_many: CountMany,
    *,
    gates: Callable[[duckdb.DuckDBPyConnection], list[Verdict]],
    generated_at: str,
    progress: Progress | None = None,
) -> Produced:
    """Build, check and publish the run's database; a database that is published already is only checked.

    Raises:
        Corruption: the published database is not the one its manifest describes.
        BadInput: the export cannot be read, see `build_draft`.
    """
    published = run.database.exists()
    if not published:
        build_draft(run, lock, raw, count_many, progress)
    elif run.provenance.exists():
        verify_published(run)
    with connect(run.database if published else run.database_draft, read_only=True) as connection:
        verdicts = gates(connection)
        receipts = rows(connection, "SELECT * EXCLUDE (source_file_sha256, record_uid) FROM store.receipts")
        categories = receipt_by_category(connection)
    if not all(verdict.passed for verdict in verdicts):
        return Produced(verdicts, receipts, categories, None)
    if published:
        # Without its manifest the gates' answer comes first: it names what is amiss.
        verify_published(run)
        manifest = write_provenance(run, lock, generated_at)
        run.publishing.unlink(missing_ok=True)
        return Produced(verdicts, receipts, categories, manifest)
    return Produced(verdicts, receipts, categories, publish_database(run, lock, generated_at))


def verify_published(run: RunPaths) -> None:
    """The published database is the one its manifest describes; without a manifest, the one that was archived.

    A crash between rename and manifest leaves a note of which database got its name: the manifest is written then.

    Raises:
        Corruption: it is another one.
    """
    found = sha256_file(run.database)
    if run.publishing.exists() and read_json(run.publishing)["database_sha256"] == found:
        return
    expected = read_json(run.provenance)["database_sha256"] if run.provenance.exists() else archived_build(run)
    if expected is not None and found != expected:
        whose = "its manifest" if run.provenance.exists() else "the manifest of its archive"
        raise Corruption(
            f"the published database has SHA-256 {found}, {whose} says {expected}",
            where=str(run.database),
            fix=f"restore it from {run.archive}",
        )
