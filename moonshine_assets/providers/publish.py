"""The final file name is the gate: a draft becomes the run's database only after its gates held."""

from __future__ import annotations

from typing import Any

from moonshine_assets.errors import GateFailed
from moonshine_assets.gates import rows
from moonshine_assets.providers.categories import receipt_by_category
from moonshine_resources.atomic import publish, read_json, sha256_file, sync_file, write_json, write_json_keeping
from moonshine_resources.duckdb import connect
from moonshine_resources.home import RunPaths


def publish_database(run: RunPaths, lock: dict[str, Any], generated_at: str) -> dict[str, Any]:
    """Rename the draft to its final, read-only name and write its provenance manifest; the manifest.

    Raises:
        GateFailed: the run has a database already, or the draft is not whole.
    """
    draft = run.database_draft
    if run.database.exists():
        raise GateFailed(
            "the run has a database already, and a published one is never replaced",
            where=str(run.database),
            fix="use it, or take it away if it is damaged",
        )
    if not draft.exists() or draft.with_name(draft.name + ".wal").exists():
        raise GateFailed(
            "the draft is not whole: part of it is missing or still in its write-ahead log",
            where=str(draft),
            fix="build the run again",
        )
    sync_file(draft)
    draft.chmod(0o444)
    # A crash after the rename leaves a database without its manifest, or with that of an earlier build.
    write_json(run.publishing, {"database_sha256": sha256_file(draft)})
    publish(draft, run.database)
    manifest = write_provenance(run, lock, generated_at)
    run.publishing.unlink()
    return manifest


def write_provenance(run: RunPaths, lock: dict[str, Any], generated_at: str) -> dict[str, Any]:
    """The manifest that says which bytes became which database, with counts and hashes."""
    with connect(run.database, read_only=True) as connection:
        counts = rows(
            connection,
            """
            SELECT (SELECT count(*) FROM store.conversations) AS conversations,
                   (SELECT count(*) FROM store.messages) AS messages,
                   (SELECT count(*) FROM store.blocks) AS blocks,
                   (SELECT count(*) FROM store.attachments) AS attachments,
                   (SELECT count(*) FROM store.texts) AS texts,
                   (SELECT count(*) FROM store.quarantine) AS quarantine
            """,
        )[0]
        categories = receipt_by_category(connection)
    manifest = {
        "run_id": run.run_id,
        "provider": run.provider,
        "shape": lock["shape"],
        "source_type": lock["source_type"],
        "source_path": lock["source_path"],
        "source_sha256": lock["source_sha256"],
        "source_size_bytes": lock["size_bytes"],
        "registered_at": lock["registered_at"],
        "database": run.database.name,
        "database_sha256": sha256_file(run.database),
        "rows": counts,
        "receipt_by_category": categories,
        **({"forgotten": lock["forgotten"], "kept_sha256": lock["kept_sha256"]} if "forgotten" in lock else {}),
        "generated_at": generated_at,
    }
    write_json_keeping(run.provenance, manifest)
    kept: dict[str, Any] = read_json(run.provenance)
    return kept
