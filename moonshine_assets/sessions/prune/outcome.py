"""How a prune ended."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class How(StrEnum):
    """COMPACTED: by its agent. COPIED: a pruned copy stands beside it. The others: there was nothing to do."""

    COMPACTED = "compacted"
    COPIED = "copied"
    NOT_NEEDED = "not_needed"
    SWITCHED_OFF = "switched_off"


class Pruned(NamedTuple):
    """What a prune did.

    Args:
        how: by which way.
        tokens_before: of context, before; None where nothing was done.
        tokens_after: after; of a copy what it will begin with.
        copy_id: the copy's session id; empty where there is none.
        archive_path: the archive that was read back before.
        reason: one sentence.
    """

    how: How
    tokens_before: int | None = None
    tokens_after: int | None = None
    copy_id: str = ""
    archive_path: str = ""
    reason: str = ""

    @property
    def is_left(self) -> bool:
        """Whether the session itself is as it was."""
        return self.how is not How.COMPACTED
