"""What an export that nobody knows looks like: key paths, JSON types and counts, and not a word of its text.

So that an adapter can be written from the report, without the export leaving the machine.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path, PurePosixPath
from typing import Any

from moonshine_assets.errors import BadInput
from moonshine_assets.exports.container import Container
from moonshine_assets.exports.radar import Inventory
from moonshine_assets.exports.split import mapped, split

#: So many elements of a file are looked at, spread over it, and so many files of an export.
_ELEMENTS = 500
_FILES = 100
#: So many bytes of a file's elements are looked at.
_BYTES = 20_000_000


def shape_report(container: Container, work: Path, sha256: str) -> dict[str, Any]:
    """The report: files that hold JSON with their key paths, and how many there are of the others by ending.

    Args:
        container: the opened export.
        work: scratch folder for members that must be unpacked to be looked at.
        sha256: hash of the export.

    `files` is empty when nothing in it is JSON with keys: then there is no format to speak of.
    """
    files: list[dict[str, Any]] = []
    others: Counter[str] = Counter()
    for name, size in container.sizes.items():
        ending = PurePosixPath(name).suffix.lower()
        shape = None
        if (ending == ".json" or container.is_plain) and len(files) < _FILES:
            shape = _file_shape(container, name, work)
        if shape is None:
            others[ending] += 1
        else:
            files.append({"member": name, "bytes": size, **shape})
    return {"source_sha256": sha256, "files": files, "other_files": dict(sorted(others.items()))}


def _file_shape(container: Container, name: str, work: Path) -> dict[str, Any] | None:
    try:
        path = container.on_disk(name, work)
        with mapped(path) as view:
            found = split(path, view, name)
            step = max(1, -(-len(found.spans) // _ELEMENTS))
            inventory = Inventory()
            looked_at = 0
            for rank, (start, end) in enumerate(found.spans):
                if rank % step == 0 and looked_at < _BYTES:
                    inventory.add(view[start:end], rank)
                    looked_at += end - start
    except BadInput:
        return None
    keys = [{"path": place.path, "types": dict(sorted(place.types.items()))} for place in inventory.places()]
    if not keys:
        return None
    return {
        "wrapper": found.wrapper,
        "elements": len(found.spans),
        "elements_looked_at": inventory.elements,
        "elements_unreadable": inventory.unreadable,
        "keys": keys,
    }
