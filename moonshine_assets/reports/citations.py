"""Gate citations: a total that a report prints is the one in the file it cites."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from moonshine_assets.errors import Corruption
from moonshine_assets.gates import Verdict, broken, held
from moonshine_assets.reports.quotable import field_of
from moonshine_assets.reports.status import status_faults
from moonshine_assets.reports.uncited import accepted, cards
from moonshine_resources.atomic import read_json, sha256_file
from moonshine_resources.home import Home

_CITATION = re.compile(r"\[(?P<file>[^\[\]\s#]+)#(?P<field>[^\[\]\s]+)\]")
_NUMBER = re.compile(
    r"(?<![\w.,/#])(?P<sign>[-−]?)(?P<digits>(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?)"
    r"(?P<rounded>\s?(?:k|thousand|million|billion|bn|M)\b)?(?![\w/]|[.,]\d)"
)
#: A plain number of fewer digits may be a year; totals are printed with separators.
_PLAIN_TOTAL_DIGITS = 5


class Printed(NamedTuple):
    """A number as a report prints it; the value of a rounded one ("1.2 million") is not known, so equals none."""

    text: str
    value: Decimal | None
    large: bool

    @classmethod
    def of(cls, match: re.Match[str]) -> Printed:
        digits = match["digits"]
        if match["rounded"]:
            return cls(match[0], None, True)
        value = Decimal(digits.replace(",", ""))
        large = "," in digits or len(digits.partition(".")[0]) >= _PLAIN_TOTAL_DIGITS
        return cls(match[0], -value if match["sign"] else value, large)


class Cell(NamedTuple):
    """A line, or one cell of a table row; `about_tokens` by its own words, its column's, or its section's heading."""

    line: int
    text: str
    about_tokens: bool


@dataclass
class _Findings:
    """What a report's numbers came to."""

    report: str
    checked: int = 0
    cited: set[Decimal] = field(default_factory=set)
    uncited: list[tuple[int, Printed]] = field(default_factory=list)
    offenders: list[dict[str, Any]] = field(default_factory=list)

    def offend(self, line: int, problem: str, **more: object) -> None:
        self.offenders.append({"report": self.report, "line": line, "problem": problem, **more})


def citations(home: Home, *, without: Collection[Path] = ()) -> Verdict:
    """Every total cited in `reports/*.md` is the one in its file, and none about tokens goes without a citation.

    Args:
        home: with the reports, and the files they quote.
        without: reports that are about to be written anew.

    A citation `[file#field]` stands right behind its number; `file` is relative to `reports/`. Totals may be quoted
    from the files of the authority manifest alone, as they were when it was written. A field that is a text (a gate's
    reason) may be quoted from the validation manifest: then the numbers before the citation must stand in it.
    Without its own citation a number about tokens must equal a total the same report cites. Cards and packets cite
    nothing: what they say of tokens must stand in what vouches for them (uncited.py). The status block must be that of
    the present state.
    """
    reports = sorted(set(home.reports.glob("*.md")) - set(without))
    if not reports:
        return broken("citations", "there is no report to read", [{"problem": "no reports/*.md"}])
    sources = _Sources(home)
    offenders: list[dict[str, Any]] = status_faults(home)
    totals = 0
    read = [_read(report.name, report.read_text("utf-8"), sources) for report in reports]
    for card, known in cards(home):
        name = card.relative_to(home.reports).as_posix()
        read.append(_read(name, card.read_text("utf-8"), sources, known))
    read += [_read(packet, reason, sources, known) for packet, reason, known in accepted(home)]
    for found in read:
        for line, printed in found.uncited:
            if printed.value not in found.cited:
                found.offend(line, "a number about tokens without a citation", printed=printed.text)
        totals += found.checked
        offenders += sorted(found.offenders, key=lambda offender: int(offender["line"]))
    if offenders:
        reason = f"{len(offenders)} printed numbers are not vouched for"
        return broken("citations", reason, offenders, totals_cited=totals)
    return held("citations", f"{totals} cited totals are those of their files", totals_cited=totals)


def _read(name: str, text: str, sources: _Sources, known: Collection[Decimal] = ()) -> _Findings:
    """What a text's numbers come to; `known` ones need no citation in it."""
    found = _Findings(name, cited=set(known))
    for cell in cells(text):
        start = 0
        for citation in _CITATION.finditer(cell.text):
            _cited(cell, citation, _numbers(cell.text[start : citation.start()]), sources, found)
            start = citation.end()
        _uncited(cell, _numbers(cell.text[start:]), found)
    return found


def _cited(
    cell: Cell, citation: re.Match[str], before: list[tuple[Printed, bool]], sources: _Sources, found: _Findings
) -> None:
    """Hold what stands before a citation against the field it names."""
    name = citation[0][1:-1]
    value, problem = sources.value(citation["file"], citation["field"])
    if problem:
        found.offend(cell.line, problem, cited=name)
        return
    if isinstance(value, str):
        quoted = {printed.value for printed, _ in _numbers(value)}
        for printed, _ in before:
            if printed.value is None or printed.value not in quoted:
                found.offend(cell.line, "differs from the text it cites", cited=name, printed=printed.text)
        return
    if not before or not before[-1][1]:
        found.offend(cell.line, "a citation without a number before it", cited=name)
        return
    printed = before[-1][0]
    _uncited(cell, before[:-1], found)
    found.checked += 1
    if printed.value is None or printed.value != Decimal(str(value)):
        found.offend(cell.line, "differs from its file", cited=name, printed=printed.text, in_file=value)
    else:
        found.cited.add(printed.value)


def _uncited(cell: Cell, numbers: list[tuple[Printed, bool]], found: _Findings) -> None:
    if cell.about_tokens:
        found.uncited += [(cell.line, printed) for printed, _ in numbers if printed.large]


def _numbers(text: str) -> list[tuple[Printed, bool]]:
    """The numbers of a text, each with whether nothing but white space and emphasis follows it."""
    return [(Printed.of(match), not text[match.end() :].strip(" *_`")) for match in _NUMBER.finditer(text)]


def cells(markdown: str) -> Iterator[Cell]:
    """The lines of a report, tables cell by cell."""
    section = False
    columns: list[bool] | None = None
    for number, line in enumerate(markdown.splitlines(), start=1):
        row = line.strip()
        if row.startswith("#"):
            section = _about_tokens(row)
        if not row.startswith("|"):
            columns = None
            yield Cell(number, line, section or _about_tokens(line))
            continue
        texts = re.split(r"(?<!\\)\|", row.strip("|"))
        if columns is None:
            columns = [_about_tokens(text) for text in texts]
        whole = section or _about_tokens(row)
        for rank, text in enumerate(texts):
            yield Cell(number, text, whole or (rank < len(columns) and columns[rank]))


def _about_tokens(text: str) -> bool:
    return "token" in _CITATION.sub("", text).lower()


class _Sources:
    """The files totals may be quoted from, read once and held against the authority manifest."""

    def __init__(self, home: Home) -> None:
        self._home = home
        path = home.authority_manifest
        listed = read_json(path)["authoritative"] if path.exists() else []
        self._authority: dict[str, str] = {entry["path"]: entry["sha256"] for entry in listed}
        self._read: dict[Path, tuple[Any, str | None]] = {}

    def value(self, file: str, field: str) -> tuple[Any, str | None]:
        """The cited value, or why it cannot be had."""
        path = (self._home.reports / file).resolve()
        if not path.is_relative_to(self._home.reports.resolve()) or not path.is_file():
            return None, "cites a file that is not there"
        if path not in self._read:
            self._read[path] = self._document(path)
        document, problem = self._read[path]
        if document is None:
            return None, problem
        try:
            value = field_of(document, field)
        except LookupError:
            return None, "cites a field that is not there"
        if isinstance(value, str) and path == self._home.validation_manifest.resolve():
            return value, None
        if problem:
            return None, problem
        if isinstance(value, bool) or not isinstance(value, int | float):
            return None, "cites a field that is no number"
        return value, None

    def _document(self, path: Path) -> tuple[Any, str | None]:
        """The file's content, and what forbids quoting totals from it."""
        try:
            document = read_json(path)
        except Corruption:
            return None, "cites a file that is not JSON"
        sha256 = self._authority.get(f"reports/{path.relative_to(self._home.reports.resolve()).as_posix()}")
        if sha256 is None:
            return document, "cites a file the authority manifest does not name"
        if sha256 != sha256_file(path):
            return document, "cites a file that changed since the authority manifest was written"
        return document, None
