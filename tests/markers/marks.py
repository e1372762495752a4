"""Unique markers in the places of an export that bear text, and where each of them has to be found in the database."""

from __future__ import annotations

import json
import re
import zipfile
from collections import defaultdict
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

#: The places every provider is asked for; one that its format does not have is named in the module's HAS_NO.
CATEGORIES = ("main", "branch", "tool call", "result", "thinking", "hidden", "attachment", "artifact")
MARKER = re.compile(r"Mk[a-z0-9]+n\d{3}M")

#: Every stored place that can hold a marker, with what is said of its message.
_PLACES = """
SELECT place, kind, on_active_path, visible, author_kind, held
FROM (
    SELECT b.kind, m.on_active_path, m.visible, m.author_kind,
           b.text AS "text", b.arguments::VARCHAR AS arguments, b.payload::VARCHAR AS payload
    FROM blocks b JOIN store.messages m USING (conversation_id, message_id)
) UNPIVOT (held FOR place IN ("text", arguments, payload))
UNION ALL
SELECT 'attachment', NULL, m.on_active_path, m.visible, m.author_kind, concat_ws(' ', a.attachment_id, a.name)
FROM attachments a JOIN store.messages m USING (conversation_id, message_id)
UNION ALL
SELECT 'title', NULL, NULL, NULL, NULL, title FROM conversations
UNION ALL
SELECT 'feedback', NULL, NULL, NULL, NULL, concat_ws(' ', comment, array_to_string(tags, ' '), payload) FROM feedback
UNION ALL
SELECT 'quarantine', NULL, NULL, NULL, NULL, decode(raw) FROM quarantine
"""


class Place(NamedTuple):
    """Where a marker stands: a column (`text`, `arguments` or `payload` of a block, `attachment`, `title`, `feedback`,
    `quarantine`), the kind of the block, and of its message whether it is shown, visible, and who wrote it."""

    column: str
    kind: str | None = None
    active: bool | None = None
    visible: bool | None = None
    by: str | None = None


class Wanted(NamedTuple):
    """What is expected of a marker."""

    category: str
    place: Place


class Marks:
    """The markers of one export: `marks.of("model")` speaks for a message, `marks.title()` for what has none."""

    def __init__(self, name: str) -> None:
        self._slug = re.sub(r"[^a-z0-9]", "", name)
        self.wanted: dict[str, Wanted] = {}

    def new(self, category: str, place: Place) -> str:
        marker = f"Mk{self._slug}n{len(self.wanted):03d}M"
        self.wanted[marker] = Wanted(category, place)
        return marker

    def of(self, by: str, *, active: bool = True, visible: bool = True) -> Speaker:
        """The places of a message: who wrote it, whether it is on the path shown, whether a person saw it."""
        return Speaker(self, by, active, visible)

    def title(self) -> str:
        return self.new("title", Place("title"))

    def feedback(self) -> str:
        return self.new("feedback", Place("feedback"))


class Speaker:
    """Makes markers for the parts of one message."""

    def __init__(self, marks: Marks, by: str, active: bool, visible: bool) -> None:
        self._marks, self._by, self._active, self._visible = marks, by, active, visible

    def __call__(self, category: str, kind: str = "text", column: str = "text") -> str:
        """A marker for a block of this kind, in this column of it."""
        return self._marks.new(category, Place(column, kind, self._active, self._visible, self._by))

    def file(self) -> str:
        """A marker for the name of an attachment."""
        return self._marks.new("attachment", Place("attachment", None, self._active, self._visible, self._by))


class Export(NamedTuple):
    """An export made for a test: its files by name (one: given as it is; more: in a zip or a folder), its markers,
    and the shapes its conversations must have."""

    name: str
    files: dict[str, Any]
    marks: Marks
    shapes: tuple[str, ...]
    folder: bool = False

    def write(self, place: Path) -> Path:
        """Write it; the path is what a user would hand in."""
        contents = {name: value if isinstance(value, bytes) else _encoded(value) for name, value in self.files.items()}
        if len(contents) == 1 and not self.folder:
            name, data = next(iter(contents.items()))
            path = place / name
            path.write_bytes(data)
        elif self.folder:
            path = place / self.name
            for name, data in contents.items():
                (path / name).parent.mkdir(parents=True, exist_ok=True)
                (path / name).write_bytes(data)
        else:
            path = place / f"{self.name}.zip"
            with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
                for name, data in contents.items():
                    archive.writestr(name, data)
        return path


def json_lines(records: list[Any]) -> str:
    """A log: one JSON value a line."""
    return "".join(f"{json.dumps(record)}\n" for record in records)


def _encoded(value: Any) -> bytes:
    return (value if isinstance(value, str) else json.dumps(value)).encode()


def found(connection: duckdb.DuckDBPyConnection) -> dict[str, set[Place]]:
    """Every marker of a run's database and the places it stands in."""
    places: dict[str, set[Place]] = defaultdict(set)
    for *place, held in connection.execute(_PLACES).fetchall():
        for marker in MARKER.findall(held or ""):
            places[marker].add(Place(*place))
    return places


def misplaced(wanted: dict[str, Wanted], places: dict[str, set[Place]]) -> list[str]:
    """One line a marker that is lost, or whose text is counted as something it is not.

    A text must stand in the one kind of block expected and nowhere else as text; what an export repeats in the payload
    of another block does no harm.
    """
    problems = []
    for marker, (category, place) in wanted.items():
        stands = places.get(marker, set())
        texts = {one for one in stands if one.column == "text"} - {place}
        if place not in stands or texts:
            problems.append(
                f"{category}: {marker} wanted in {tuple(place)}, found in {sorted(map(tuple, stands), key=repr)}"
            )
    return problems
