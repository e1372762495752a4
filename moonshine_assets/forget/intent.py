"""What is being forgotten just now, on disk before anything is done: whoever comes after a crash can complete it."""

from __future__ import annotations

import msgspec

from moonshine_assets.errors import Busy, Corruption
from moonshine_assets.exports.forgotten import Conversation
from moonshine_resources.atomic import write_text
from moonshine_resources.home import Home

#: What takes the place of files is made beside; the home is as it was, but for the tombstones.
STAGING = "staging"
#: Every file that was made is whole and goes into its place.
PUBLISHING = "publishing"
#: All is in its place; derived files that carry what was forgotten are to go, and the search is to be made.
SWEEPING = "sweeping"


class Intent(msgspec.Struct):
    """One forgetting.

    Args:
        conversations: what is forgotten, the sub-agents that go along included once they are known.
        reason: why, for the journal.
        requested_at: ISO time.
        phase: how far it has come.
        runs: the runs that were rid of something; True: nothing of it is left.
        fragments: distinctive pieces of what was said, which the search looks for.
    """

    conversations: list[Conversation]
    reason: str
    requested_at: str
    phase: str = STAGING
    runs: dict[str, bool] = {}
    fragments: list[str] = []


def pending(home: Home) -> Intent | None:
    """The forgetting that was begun and not completed.

    Raises:
        Corruption: its record cannot be read.
    """
    try:
        data = home.forget_intent.read_bytes()
    except FileNotFoundError:
        return None
    try:
        return msgspec.json.decode(data, type=Intent)
    except msgspec.DecodeError as error:
        raise Corruption(
            "the record of a forgetting that was broken off cannot be read",
            where=str(home.forget_intent),
            fix="remove it, and run `moonshine forget --conversation …` again",
        ) from error


def keep(home: Home, intent: Intent) -> None:
    write_text(home.forget_intent, msgspec.json.encode(intent).decode() + "\n")


def done(home: Home) -> None:
    home.forget_intent.unlink(missing_ok=True)


def require_none_half_done(home: Home) -> None:
    """For writers that cannot complete a forgetting themselves.

    Raises:
        Busy: one is half published.
    """
    intent = pending(home)
    if intent is not None and intent.phase == PUBLISHING:
        raise Busy(
            "a forgetting was broken off while its files were put into their places",
            where=str(home.forget_intent),
            fix="`moonshine forget` completes it; then run the same again",
        )
