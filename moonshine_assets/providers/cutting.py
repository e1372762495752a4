"""The archived copy of a run's export without what is forgotten, and the lock that says so."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from moonshine_assets.exports.adapters import BY_PROVIDER
from moonshine_assets.exports.container import opened
from moonshine_assets.exports.cut import Cut, find_cut
from moonshine_assets.exports.cut_json import kept_ranges
from moonshine_assets.exports.cut_write import write_cut
from moonshine_assets.exports.forgotten import Forgotten
from moonshine_assets.exports.register import source_sha256
from moonshine_assets.tables.receipts import FORGOTTEN
from moonshine_resources.atomic import publish, remove_tree
from moonshine_resources.home import RunPaths


class CutExport(NamedTuple):
    """A run's export after the cut; with `empty` nothing of it is left, and nothing was written.

    Args:
        lock: the source lock with `kept_sha256` and `forgotten`.
        conversations: ids that went.
        empty: no conversation is left.
    """

    lock: dict[str, Any]
    conversations: set[str]
    empty: bool


def cut_export(
    run: RunPaths, lock: dict[str, Any], raw: Path, forgotten: Forgotten, target: RunPaths
) -> CutExport | None:
    """Write a run's export without what is forgotten into the archive of `target`; None where nothing of it is.

    Args:
        run: the run.
        lock: its source lock.
        raw: the archived copy.
        forgotten: decides.
        target: the run itself, or the same run in another home.

    Raises:
        BadInput: a conversation that is to go stands in a file that cannot be cut.
        StorageFull: there is no space.
    """
    work = run.home / "work" / f"{run.run_id}.cut"
    draft = target.raw / f".draft.cut-{raw.name}"
    remove_tree(work)
    _remove(draft)
    try:
        with opened(raw, lock["source_path"]) as container:
            cut = find_cut(BY_PROVIDER[run.provider], container, lock["members"], work, forgotten)
            if not cut:
                return None
            if not cut.kept:
                return CutExport(lock, cut.conversations, empty=True)
            write_cut(container, cut, draft)
            sizes = {**container.sizes, **container.clutter}
            told = _told(lock.get("forgotten", {}), cut, sizes)
    finally:
        remove_tree(work)
    sha256 = source_sha256(draft)
    gone = {name for name, member in cut.members.items() if member.removed}
    kept = {
        **lock,
        "members": [name for name in lock["members"] if name not in gone],
        "kept_sha256": sha256,
        "forgotten": told,
    }
    # The name is the hash of the plain bytes, with the ending the copy had.
    publish(draft, target.raw / f"{sha256}{raw.suffix}")
    return CutExport(kept, cut.conversations, empty=False)


def _told(before: Mapping[str, Any], cut: Cut, sizes: Mapping[str, int]) -> dict[str, Any]:
    """What was cut out of which file, by this cut and those before."""
    members: dict[str, dict[str, int]] = {name: dict(told) for name, told in before.get("members", {}).items()}
    for name, member in cut.members.items():
        if member.removed:
            _add(members, FORGOTTEN, sizes[name], member.conversations)
            if name in members:
                earlier = members.pop(name)
                _add(members, FORGOTTEN, earlier["bytes"], earlier["conversations"])
        else:
            left = sum(end - start for start, end in kept_ranges(member.path.stat().st_size, member.dropped))
            _add(members, name, sizes[name] - left, member.conversations)
    return {
        "conversations": sum(told["conversations"] for told in members.values()),
        "bytes": sum(told["bytes"] for told in members.values()),
        "members": members,
        "from": list(before.get("from", [])),
    }


def _add(members: dict[str, dict[str, int]], name: str, size: int, conversations: int) -> None:
    told = members.setdefault(name, {"bytes": 0, "conversations": 0})
    told["bytes"] += size
    told["conversations"] += conversations


def _remove(path: Path) -> None:
    if path.is_dir():
        remove_tree(path)
    path.unlink(missing_ok=True)
