"""A run's artefacts beside its raw export, with a manifest of hashes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from moonshine_assets.errors import Corruption
from moonshine_assets.exports.register import source_sha256
from moonshine_resources.atomic import copy_hashed, read_json, sha256_file, write_json_keeping
from moonshine_resources.home import RunPaths


def archive_run(run: RunPaths, generated_at: str) -> dict[str, Any]:
    """Copy the run's database, ledger, provenance and lock into its archive; the manifest of what is there.

    Raises:
        Corruption: a copy does not read back as what was copied.
    """
    files = {}
    for source in (run.database, run.ledger, run.provenance, run.lock):
        target = run.archive / source.name
        expected = sha256_file(source)
        if not target.exists() or sha256_file(target) != expected:
            copy_hashed(source, target)
            _verify(target, expected)
        files[source.name] = {"sha256": expected, "size_bytes": target.stat().st_size}
    for raw in sorted(run.raw.iterdir()):
        if not raw.name.startswith("."):
            files[f"raw/{raw.name}"] = {"sha256": source_sha256(raw), "size_bytes": _size(raw)}
    manifest = {"run_id": run.run_id, "provider": run.provider, "files": files, "generated_at": generated_at}
    write_json_keeping(run.archive_manifest, manifest)
    kept: dict[str, Any] = read_json(run.archive_manifest)
    return kept


def archive_faults(run: RunPaths) -> list[dict[str, Any]]:
    """Files of a run's archive that are missing or are not what its manifest says."""
    if not run.archive_manifest.exists():
        return [{"file": run.archive_manifest.name, "problem": "missing"}]
    faults = []
    for name, facts in read_json(run.archive_manifest)["files"].items():
        path = run.archive / name
        if not path.exists():
            faults.append({"file": name, "problem": "missing"})
        elif source_sha256(path) != facts["sha256"]:
            faults.append({"file": name, "problem": "SHA-256 differs from the manifest"})
    return faults


def _verify(path: Path, expected: str) -> None:
    found = sha256_file(path)
    if found != expected:
        raise Corruption(f"reads back as {found}, written as {expected}", where=str(path), fix="check the disk")


def _size(path: Path) -> int:
    if path.is_file():
        return path.stat().st_size
    return sum(item.stat().st_size for item in path.rglob("*") if item.is_file())
