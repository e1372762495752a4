"""What a verifiable prompt asks for, and what the conversation tells of the right answer."""

from __future__ import annotations

from typing import Any, NamedTuple


class Task(NamedTuple):
    """What a prompt asks for: the truth as text, and the verifier's arguments (JSON values only)."""

    ground_truth: str
    arguments: dict[str, Any]


class Context(NamedTuple):
    """What stands below a prompt on the active path.

    Args:
        runs: code that was run before the next human message, with the output that was recorded.
        said_next: the next human message.
    """

    runs: tuple[tuple[str, str], ...] = ()
    said_next: str = ""


NOTHING = Context()
