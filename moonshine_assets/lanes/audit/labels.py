"""What people said of rows: a file that is only ever added to, each line on disk before the next row is shown."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

import msgspec

from moonshine_assets.errors import Corruption
from moonshine_assets.lanes.rows import Row
from moonshine_resources import storage
from moonshine_resources.atomic import sync_directory
from moonshine_resources.locks import exclusive

#: `right`, `wrong`; `skip`: seen and left open; `undo`: what was said before is taken back.
Verdict = Literal["right", "wrong", "skip", "undo"]
#: How long a labeller waits for another one's line, seconds.
_WAIT = 30.0
#: What a row claims beside its messages: were it to change, a label would be about something else.
_CLAIMS = ("label", "outcome", "ground_truth")


class Label(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One judgement.

    Args:
        row: `row_key` of the row: the same in every distillation that makes this row.
        sample_rows: how many rows of the signal were to be judged when this one was.
    """

    record_uid: str
    row: str
    lane: str
    signal: str
    signal_version: str
    policy_version: str
    run_id: str
    verdict: Verdict
    labeller: str
    labelled_at: str
    seed: int
    sample_rows: int


def row_key(row: Row, lane: str) -> str:
    """Names what a row says, in whichever distillation, policy or later export of the account it stands.

    Its messages are named by their ids in the export: a changed redaction leaves the key as it is.
    """
    claims = [row.get(name) for name in _CLAIMS]
    parts = [lane, row["provider"], row["conversation_id"], row["node_ids"], claims]
    return sha256(json.dumps(parts, ensure_ascii=False, separators=(",", ":")).encode("utf-8")).hexdigest()


def append(path: Path, record: msgspec.Struct) -> None:
    """Add a line; it is on disk on return.

    Raises:
        Busy: another process holds the file.
        StorageFull: there is no space for it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    new = not path.exists()
    with (
        exclusive(path.with_suffix(".lock"), seconds=_WAIT, what="the labels"),
        storage.writing(path),
        path.open("ab") as stream,
    ):
        # A line that a crash left unfinished must not swallow the next one.
        unfinished = stream.tell() and not _ends_with_newline(path)
        stream.write((b"\n" if unfinished else b"") + msgspec.json.encode(record) + b"\n")
        stream.flush()
        os.fsync(stream.fileno())
    if new:
        sync_directory(path.parent)


def _ends_with_newline(path: Path) -> bool:
    with path.open("rb") as stream:
        stream.seek(-1, os.SEEK_END)
        return stream.read(1) == b"\n"


def read(path: Path, kind: type[Any] = Label) -> list[Any]:
    """Every line, in the order they were written; a last line cut off by a crash is passed over.

    Raises:
        Corruption: a line is not what was written.
    """
    if not path.exists():
        return []
    found = []
    data = path.read_bytes()
    whole = data.endswith(b"\n")
    lines = data.splitlines()
    for number, line in enumerate(lines, 1):
        try:
            if line:
                found.append(msgspec.json.decode(line, type=kind))
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            if number == len(lines) and not whole:
                break
            if _is_cut_off(line):
                continue
            raise Corruption(
                f"line {number} is no label", where=str(path), fix="restore the file from a backup, or mend the line"
            ) from error
    return found


def _is_cut_off(line: bytes) -> bool:
    """Begun as a label and never ended, as a crash leaves it."""
    return line.startswith(b"{") and not line.endswith(b"}")


def standing(labels: Iterable[Label]) -> dict[tuple[str, str], Label]:
    """The last word of each labeller on each row, by (row, labeller); taken back is as if never said."""
    last: dict[tuple[str, str], Label] = {}
    for label in labels:
        if label.verdict == "undo":
            last.pop((label.row, label.labeller), None)
        else:
            last[label.row, label.labeller] = label
    return last
