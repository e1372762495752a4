"""A lane as a folder a trainer loads, with the books on what went in and what came out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from moonshine_assets.errors import BadInput
from moonshine_assets.lanes import rewards
from moonshine_assets.lanes.published import LaneFile, PublishedLane, Tier, files, rows_of
from moonshine_assets.lanes.rows import Row
from moonshine_assets.lanes.trainers.files import lines_written
from moonshine_assets.lanes.trainers.form import Arguments, Form, Left, Trainer, provenance
from moonshine_assets.lanes.trainers.registry import arguments_for, form_of
from moonshine_resources import storage
from moonshine_resources.atomic import (
    publish,
    read_json,
    remove_tree,
    sha256_file,
    sync_directory,
    sync_file,
    write_json,
)

MANIFEST = "manifest.json"
_SPLITS = ("train", "validation")
_REWARD_FILE = "moonshine_reward.py"


class Exported(NamedTuple):
    """The folder of an export, its manifest, and whether any byte of it had to be written."""

    folder: Path
    manifest: dict[str, Any]
    changed: bool


def export(
    lane: PublishedLane, trainer: Trainer, folder: Path, *, arguments: Arguments | None = None, tier: Tier = "core"
) -> Exported:
    """Write a lane for a trainer; the same lane gives the same bytes.

    A new folder is there whole or not at all. In one that an export wrote before, only files whose bytes differ are
    replaced, each atomically, the manifest last.

    Raises:
        BadInput: the trainer takes no such lane or arguments, or the folder holds something else.
        Corruption: a file of the lane is not what its manifest says.
    """
    form = form_of(trainer, lane.lane)
    wanted = arguments_for(trainer, arguments)
    _refuse_foreign(folder, trainer, lane.lane)
    draft = folder.with_name(f".draft.{folder.name}")
    remove_tree(draft)
    try:
        with storage.writing(folder):
            draft.mkdir(parents=True)
            manifest = _render(draft, lane, trainer, form, wanted, tier)
            changed = _placed(draft, folder, manifest)
    finally:
        remove_tree(draft)
    return Exported(folder, manifest, changed)


def _refuse_foreign(folder: Path, trainer: Trainer, lane: str) -> None:
    """A folder is written only when it is new, empty, or an export of the same lane for the same trainer."""
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    manifest = folder / MANIFEST
    known = read_json(manifest) if manifest.is_file() else {}
    if not isinstance(known, dict) or (known.get("trainer"), known.get("lane")) != (trainer.name, lane):
        raise BadInput(
            f"the folder holds something that is no {trainer.name} export of {lane}",
            where=str(folder),
            fix="give another folder with --to",
        )


def _render(
    draft: Path, lane: PublishedLane, trainer: Trainer, form: Form, arguments: Arguments, tier: Tier
) -> dict[str, Any]:
    source = files(lane, tier)
    books = _Books()
    names: dict[str, str] = {}
    for split in _SPLITS:
        of_split = [file for file in source if file.split == split]
        name = f"{split}.{trainer.file_format}"
        count = lines_written(draft / name, books.lines(of_split, form, arguments), trainer.file_format, lane.lane)
        books.out[split] = count
        if count or split == "train":
            names[split] = name
        else:
            (draft / name).unlink()
        if form.provenance_beside and count:
            beside = (provenance(row) for row in books.kept(of_split, form, arguments))
            lines_written(draft / f"{split}.provenance.jsonl", beside, "jsonl", lane.lane)
    _write_texts(draft, lane.lane, trainer, form, names)
    manifest = {
        "trainer": trainer.name,
        "checked_with": trainer.title,
        "lane": lane.lane,
        "run_id": lane.run_id,
        "policy_version": lane.manifest["policy_version"],
        "tier": tier,
        "arguments": arguments,
        "rows_in": books.rows_in,
        "rows_out": sum(books.out.values()),
        "rows_by_split": dict(books.out),
        "dropped": dict(sorted(books.dropped.items())),
        "not_carried": list(form.not_carried),
        "source": [{"path": file.path.relative_to(lane.folder).as_posix(), "sha256": file.sha256} for file in source],
    }
    readme = draft / "README.md"
    readme.write_text(_readme(manifest, form), "utf-8")
    written = sorted(path for path in draft.iterdir())
    manifest["files"] = [
        {"path": path.name, "bytes": path.stat().st_size, "sha256": sha256_file(path)} for path in written
    ]
    write_json(draft / MANIFEST, manifest)
    for path in written:
        sync_file(path)
    sync_directory(draft)
    return manifest


class _Books:
    """Rows in, lines out, and why the others stayed behind: rows_in = Σ out + Σ dropped."""

    def __init__(self) -> None:
        self.rows_in = 0
        self.out: dict[str, int] = {}
        self.dropped: Counter[str] = Counter()

    def lines(self, source: list[LaneFile], form: Form, arguments: Arguments) -> Iterator[Row]:
        for row in rows_of(source):
            self.rows_in += 1
            line = form.write(row, arguments)
            if isinstance(line, Left):
                self.dropped[line.reason] += 1
            else:
                yield line

    @staticmethod
    def kept(source: list[LaneFile], form: Form, arguments: Arguments) -> Iterator[Row]:
        """The rows that have a line, again."""
        return (row for row in rows_of(source) if not isinstance(form.write(row, arguments), Left))


def _write_texts(draft: Path, lane: str, trainer: Trainer, form: Form, names: Mapping[str, str]) -> None:
    for name, text in trainer.extras(lane, names).items():
        (draft / name).write_text(text, "utf-8")
    if form.reward:
        (draft / _REWARD_FILE).write_bytes(Path(rewards.__file__).read_bytes())


def _readme(manifest: dict[str, Any], form: Form) -> str:
    lines = [
        f"# {manifest['lane']} for {manifest['checked_with']}",
        "",
        form.usage,
        "",
        f"- {manifest['rows_out']:,} of {manifest['rows_in']:,} rows (tier {manifest['tier']}), run"
        f" `{manifest['run_id']}`, policy `{manifest['policy_version']}`",
        f"- tool-call arguments: {manifest['arguments']}",
    ]
    if manifest["not_carried"]:
        lines.append(f"- no place for: {', '.join(manifest['not_carried'])}")
    if manifest["dropped"]:
        lines += ["", "| left out | rows |", "|---|---:|"]
        lines += [f"| {reason} | {count:,} |" for reason, count in manifest["dropped"].items()]
    return "\n".join(lines) + "\n"


def _placed(draft: Path, folder: Path, manifest: dict[str, Any]) -> bool:
    if not folder.exists() or not any(folder.iterdir()):
        folder.parent.mkdir(parents=True, exist_ok=True)
        publish(draft, folder)
        return True
    names = [file["path"] for file in manifest["files"]]
    before = [file["path"] for file in read_json(folder / MANIFEST)["files"]]
    changed = False
    for name in [*names, MANIFEST]:
        new, old = draft / name, folder / name
        if not old.exists() or sha256_file(old) != sha256_file(new):
            publish(new, old)
            changed = True
    for name in set(before) - set(names):
        # The old manifest's word alone removes nothing outside the folder.
        (folder / Path(name).name).unlink(missing_ok=True)
    return changed
