"""Sections of ours in a Markdown file that others may write in, too: each between two marks, found by its name."""

from __future__ import annotations

import re

from moonshine_assets.errors import Corruption

_NAME = re.compile(r"[^\s<>]+")


def put(text: str, mark: str, name: str, body: str) -> str:
    """The text with the section `name` saying `body`: in its place when it is there, else at the end.

    Args:
        text: a whole file.
        mark: kind of section, upper case (`MOON_SESSION`).
        name: no white space, `<` or `>`.
        body: Markdown without marks of ours, see `harmless`.

    Raises:
        Corruption: the section begins and does not end, or ends without a beginning.
    """
    begin, end = _marks(mark, name)
    section = f"{begin}\n{body.strip()}\n{end}\n"
    start, stop = text.find(begin), text.find(end)
    if start < 0 and stop < 0:
        gap = "" if not text else "\n" if text.endswith("\n") else "\n\n"
        return text + gap + section
    if start < 0 or stop < start:
        raise Corruption(
            f"the section of {name} has lost one of its marks", fix=f"put {begin} and {end} back around it"
        )
    stop += len(end)
    return text[:start] + section + text[stop + (text[stop : stop + 1] == "\n") :]


def names(text: str, mark: str) -> list[str]:
    """Names of the sections of a kind, in the order of the file."""
    return re.findall(rf"^<!-- {mark}_BEGIN:([^\s<>]+) -->$", text, re.MULTILINE)


def body_of(text: str, mark: str, name: str) -> str | None:
    """What a section says, or None when there is none."""
    begin, end = _marks(mark, name)
    start, stop = text.find(begin), text.find(end)
    return text[start + len(begin) : stop].strip() if 0 <= start < stop else None


def harmless(text: str) -> str:
    """Words that may stand in a section: on one line, and no comment, so that no mark can be faked."""
    return (
        " ".join(text.split()).replace("<!--", "<!\N{NON-BREAKING HYPHEN}-").replace("-->", "-\N{NON-BREAKING HYPHEN}>")
    )


def _marks(mark: str, name: str) -> tuple[str, str]:
    if not _NAME.fullmatch(name):
        raise ValueError(f"no name of a section: {name!r}")
    return f"<!-- {mark}_BEGIN:{name} -->", f"<!-- {mark}_END:{name} -->"
