"""Raw exports packed at night: loose JSON takes a fifth of its space; zips and folders stay as they are.

Not while a run is taken in: reading needs the plain file, and packing would cost it time (docs/decisions/0005).
"""

from __future__ import annotations

from moonshine_assets.archive.run_archive import archive_run
from moonshine_assets.errors import BadInput, Corruption
from moonshine_assets.exports.register import kept_sha256
from moonshine_assets.providers.source import raw_lock, raw_path, read_lock
from moonshine_resources.atomic import sync_directory
from moonshine_resources.home import Home, RunPaths
from moonshine_resources.zstd import pack_file, packed_name, verify_packed

#: Smaller exports are not worth it.
LEAST_BYTES = 1 << 20


def pack_exports(home: Home, generated_at: str) -> list[str]:
    """Pack the export of every archived run where that pays; the run ids. The caller holds the writer lock."""
    manifests = sorted(home.archive.glob("*/*/archive_manifest.json"))
    runs = [home.run(manifest.parent.name) for manifest in manifests]
    return [run.run_id for run in runs if _pack(run, generated_at)]


def _pack(run: RunPaths, generated_at: str) -> bool:
    """Whether the plain export was replaced by its packed form, which has been read back."""
    if not run.lock.exists():
        return False
    lock = read_lock(run)
    plain = raw_path(run, lock)
    if lock["kind"] != "file" or plain.suffix != ".json" or not plain.exists() or plain.stat().st_size < LEAST_BYTES:
        return False
    packed = packed_name(plain)
    with raw_lock(run):
        if not packed.exists():
            pack_file(plain, packed)
        try:
            verify_packed(packed, kept_sha256(lock))
        except Corruption:
            # The plain file may still be right: the next night packs it anew, if it is.
            packed.unlink()
            return False
        # The manifest first: until the plain file is gone both are there.
        try:
            archive_run(run, generated_at)
        except BadInput:
            return False  # somebody took away the run's report; its archive stays as it is
        plain.unlink()
        sync_directory(plain.parent)
    return True
