"""A run's artefacts beside its raw export, with a manifest of hashes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from moonshine_assets.archive.builds import keep_earlier
from moonshine_assets.errors import BadInput, Corruption
from moonshine_assets.exports.register import kept_sha256, source_sha256
from moonshine_resources.atomic import copy_hashed, read_json, remove_drafts, sha256_file, write_json_keeping
from moonshine_resources.home import RunPaths
from moonshine_resources.locks import exclusive
from moonshine_resources.zstd import SUFFIX, packed_name

_RAW = "raw/"


def archive_run(run: RunPaths, generated_at: str) -> dict[str, Any]:
    """Copy the run's database, ledger, provenance and lock into its archive; the manifest of what is there.

    A database that replaces another one leaves that in the archive, for the snapshots that need it.

    Raises:
        BadInput: the run is not complete yet.
        Busy: another process has been archiving it for ten minutes.
        Corruption: a copy does not read back as what was copied.
    """
    with exclusive(run.home / "locks" / f"{run.run_id}.archive.lock", seconds=600, what="the archive of the run"):
        return _archive(run, generated_at)


def _archive(run: RunPaths, generated_at: str) -> dict[str, Any]:
    # Nobody else writes here now: what a killed process left beside the files is nobody's.
    if run.archive.exists():
        for target in (*(run.archive / source.name for source in _artefacts(run)), run.archive_manifest):
            remove_drafts(target)
    files: dict[str, dict[str, Any]] = {}
    for source in _artefacts(run):
        if not source.exists():
            raise BadInput(
                f"{source.name} does not exist", where=run.run_id, fix="complete the run's database and ledger first"
            )
        target = run.archive / source.name
        expected = sha256_file(source)
        if not target.exists() or sha256_file(target) != expected:
            if source == run.database:
                keep_earlier(run, _manifested(run))
            copy_hashed(source, target)
            _verify(target, expected)
        files[source.name] = {"sha256": expected, "size_bytes": target.stat().st_size}
    for raw in _raw_exports(run):
        files[f"{_RAW}{raw.name}"] = {"sha256": source_sha256(raw), "size_bytes": _size(raw)}
        if raw.name.endswith(f".json{SUFFIX}"):
            # Packed by content: its name is the hash of what it holds, verified when it was packed.
            files[f"{_RAW}{raw.name}"]["content_sha256"] = raw.name.partition(".")[0]
    manifest = {"run_id": run.run_id, "provider": run.provider, "files": files, "generated_at": generated_at}
    write_json_keeping(run.archive_manifest, manifest)
    kept: dict[str, Any] = read_json(run.archive_manifest)
    return kept


def archive_faults(run: RunPaths) -> list[dict[str, Any]]:
    """Where a run's archive is not a whole and faithful copy: of what its manifest says, and of the run as it is now.

    Raises:
        Corruption: the manifest or the lock is not the JSON that was written.
    """
    if not run.archive_manifest.exists():
        return [_fault(run.archive_manifest.name, "missing")]
    files: dict[str, dict[str, Any]] = read_json(run.archive_manifest)["files"]
    faults = []
    for name, facts in files.items():
        path = run.archive / name
        if not path.exists():
            faults.append(_fault(name, "missing"))
        elif source_sha256(path) != facts["sha256"]:
            faults.append(_fault(name, "SHA-256 differs from the manifest"))
    for source in _artefacts(run):
        if source.name not in files:
            faults.append(_fault(source.name, "not in the manifest"))
        elif not source.exists():
            faults.append(_fault(source.name, "archived, but missing among the run's reports"))
        elif sha256_file(source) != files[source.name]["sha256"]:
            faults.append(_fault(source.name, "the run's file is not the archived one; archive the run again"))
    raw = {facts.get("content_sha256", facts["sha256"]) for name, facts in files.items() if name.startswith(_RAW)}
    if run.lock.exists() and kept_sha256(read_json(run.lock)) not in raw:
        faults.append(_fault(_RAW, "the locked export is not in the manifest"))
    return faults


def archived_build(run: RunPaths) -> str | None:
    """SHA-256 of the run's archived database, as the manifest says; None before the run is archived."""
    if not run.archive_manifest.exists():
        return None
    facts = read_json(run.archive_manifest)["files"].get(run.database.name, {})
    found: str | None = facts.get("sha256")
    return found


def _manifested(run: RunPaths) -> str | None:
    """As `archived_build`, from a manifest that may be damaged: it is about to be written anew."""
    try:
        return archived_build(run)
    except Corruption:
        return None


def _artefacts(run: RunPaths) -> tuple[Path, ...]:
    return (run.database, run.ledger, run.provenance, run.lock)


def _raw_exports(run: RunPaths) -> list[Path]:
    found = sorted(path for path in run.raw.glob("*") if not path.name.startswith("."))
    # A plain copy beside its packed form was only unpacked to be read.
    found = [path for path in found if packed_name(path) not in found]
    if not found:
        raise BadInput("the raw export is not in the archive", where=run.run_id, fix="run it again from the export")
    return found


def _fault(file: str, problem: str) -> dict[str, Any]:
    return {"file": file, "problem": problem}


def _verify(path: Path, expected: str) -> None:
    found = sha256_file(path)
    if found != expected:
        raise Corruption(f"reads back as {found}, written as {expected}", where=str(path), fix="check the disk")


def _size(path: Path) -> int:
    if path.is_file():
        return path.stat().st_size
    return sum(item.stat().st_size for item in path.rglob("*") if item.is_file())
