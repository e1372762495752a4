"""Keep what an export of an unknown format is: its shape for whoever writes the adapter, its bytes for the replay."""

from __future__ import annotations

from pathlib import Path

from moonshine_assets.errors import StorageFull, UnknownFormat
from moonshine_assets.exports.container import opened
from moonshine_assets.exports.folder import folder_files
from moonshine_assets.exports.shape_report import shape_report
from moonshine_resources.atomic import copy_hashed, publish, remove_tree, write_json
from moonshine_resources.home import Home

#: Larger exports of unknown formats are not copied: whoever gives a folder of anything must not lose the disk to it.
KEPT_BYTES = 2 * 1024**3


def shape_path(home: Home, sha256: str) -> Path:
    """Where the shape report of a refused source is."""
    return home.sources / f"{sha256}.shape.json"


def unknown_copy(home: Home, sha256: str, name: str) -> Path:
    """Where the bytes of a refused source are kept, under the name it came with."""
    return home.archive / "unknown" / sha256 / name


def keep_unknown(home: Home, path: Path, sha256: str, refusal: UnknownFormat) -> None:
    """Write the shape report and a verified copy of an export, and name the report in the refusal.

    An export without any JSON object (pictures, say) has no format: nothing is kept of it. Where it is too large or
    there is no space for the copy, the report alone is kept, and the refusal says so.
    """
    work = home.root / "work" / f"shape-{sha256[:16]}"
    try:
        with opened(path) as container:
            report = shape_report(container, work, sha256)
            size = path.stat().st_size if path.is_file() else sum(container.sizes.values())
    finally:
        remove_tree(work)
    if not report["files"]:
        return
    write_json(shape_path(home, sha256), report)
    refusal.fix += f"; its keys and types are in {shape_path(home, sha256).relative_to(home.root)}"
    if size > KEPT_BYTES:
        refusal.fix += ", and it is too large to be kept"
        return
    try:
        _copy(path, unknown_copy(home, sha256, path.name))
    except StorageFull:
        refusal.fix += ", and there is no space to keep a copy of it"


def _copy(path: Path, target: Path) -> None:
    if target.exists():
        return
    if path.is_file():
        copy_hashed(path, target)
        return
    draft = target.with_name(f".draft.{target.name}")
    remove_tree(draft)
    try:
        for name, file in folder_files(path).items():
            copy_hashed(file, draft / name)
        publish(draft, target)
    finally:
        remove_tree(draft)
