"""Every failure a user can meet, as a type that says what, where and what to do.

One place (`moonshine_assets.cli.outcome`) turns these into exit codes, packets and UI messages;
code below it raises them and never prints.
"""

from __future__ import annotations

from typing import ClassVar, Self


class MoonshineError(Exception):
    """A failure with the three things its reader needs.

    Args:
        what: what is wrong, in one sentence without a final full stop.
        where: file, byte, line, table or id at fault; empty when nothing narrower is known.
        fix: what the reader can do about it.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, what: str, *, where: str = "", fix: str = "") -> None:
        super().__init__(what, where, fix)
        self.what = what
        self.where = where
        self.fix = fix

    def __str__(self) -> str:
        text = self.what
        if self.where:
            text = f"{self.where}: {text}"
        if self.fix:
            text = f"{text}; {self.fix}"
        return " ".join(text.split())

    def inside(self, place: str) -> Self:
        """The same failure, told as one within `place` (a file that holds the file at fault)."""
        if not self.where:
            self.where = place
        elif place not in self.where:
            self.where = f"{place}: {self.where}"
        return self


class BadInput(MoonshineError):
    """Input that cannot be taken in: nothing was changed, the file stays where it is."""

    exit_code = 2


class UnknownFormat(BadInput):
    """Whole and readable, but no adapter knows it: its shape is worth a report and its bytes worth keeping."""


class UndefinedPolicy(BadInput):
    """There is no policy to distil by: unknown, unreadable, or with rules that contradict its schema."""


class Unreadable(BadInput):
    """A single conversation or node that does not parse; the rest of its file still does."""


class GateFailed(MoonshineError):
    """A blocking check refused a stage: its result was not published."""

    exit_code = 1


class Corruption(MoonshineError):
    """A stored file is not what its recorded hash says, or holds less than it should."""

    exit_code = 1


class Busy(MoonshineError):
    """Another process holds the single-writer lock and did not let go in time."""

    exit_code = 1


class StorageFull(MoonshineError):
    """No space left to write; what was begun has no final name, and the same command completes once there is space."""

    exit_code = 1


class VocabularyError(MoonshineError):
    """The tokenizer's vocabulary file is missing or is not the one whose hash is known."""

    exit_code = 1
