"""What kind of thing a question asks for, and whether a passage has it."""

from __future__ import annotations

import re
from typing import NamedTuple

#: A word no text has, indexed with passages in which a command was run.
COMMAND = "xkindcommandx"
_HAS_COMMAND = re.compile(r"^(?:call \S+(?: · id .*)?|\$ .*|```(?:ba|z)?sh)$", re.MULTILINE)
_HAS_PATH = re.compile(r"(?:^|[\s\"'`(=])(?:~|\.{1,2})?/?[\w.-]+/[\w./-]+|\b[\w-]+\.[a-z]{1,4}\b")
_HAS_NUMBER = re.compile(r"\d")


class Wants(NamedTuple):
    """What kind of answer a question asks for."""

    command: bool = False
    path: bool = False
    number: bool = False

    def are_met(self, text: str) -> bool:
        """Whether a passage has any of it."""
        asked = ((self.command, _HAS_COMMAND), (self.path, _HAS_PATH), (self.number, _HAS_NUMBER))
        return any(is_wanted and pattern.search(text) is not None for is_wanted, pattern in asked)


NOTHING = Wants()


def has_command(text: str) -> bool:
    """Whether a passage has a command that was run."""
    return _HAS_COMMAND.search(text) is not None
