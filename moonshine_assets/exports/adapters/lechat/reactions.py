"""What a person said of an answer (EXPORT-FORMATS §10, §18): a reaction with words, and a choice between answers.

`preferenceOver` names the answers that this one was preferred to (an id, or a list of them). A choice outweighs the
reaction in the column, which then stands in its details.
"""

from __future__ import annotations

from typing import Any

from moonshine_assets.exports.loose import as_list
from moonshine_assets.exports.ratings import preference, rating
from moonshine_assets.exports.values import ident

#: What says nothing.
_NEUTRAL = frozenset({"neutral", "none"})
_LOSING = frozenset({"rejected", "lost", "worse", "other"})


def overruled(entries: list[dict[str, Any]]) -> dict[str, str]:
    """Id of each answer that another was preferred to → id of that other one."""
    lost: dict[str, str] = {}
    for entry in entries:
        winner = ident(entry.get("id"))
        for loser in beaten(entry):
            if winner is not None and loser != winner:
                lost[loser] = winner
    return lost


def beaten(entry: dict[str, Any]) -> list[str]:
    """The ids of the answers this one was preferred to."""
    return [name for item in as_list(entry.get("preferenceOver")) if (name := ident(item))]


def message_feedback(entry: dict[str, Any], lost: dict[str, str]) -> str | None:
    """The feedback of a message, in the form of ratings.py; None where there is none."""
    reaction = entry.get("reaction")
    if isinstance(reaction, str) and reaction.strip().lower() in _NEUTRAL:
        reaction = None
    said = {key: entry.get(key) for key in ("reactionDetail", "reactionComment")}
    if reaction is not None:
        said["reaction"] = reaction
    stated = {key: entry[key] for key in ("preference", "preferenceOver") if entry.get(key) not in (None, "", [])}
    own = ident(entry.get("id"))
    if not stated and own not in lost:
        return rating(reaction, said)
    details = {**stated, **{key: value for key, value in said.items() if value}}
    if own is not None and own in lost:
        details["preferred"] = lost[own]
    word = entry.get("preference")
    rejected = word is False or (isinstance(word, str) and word.strip().lower() in _LOSING)
    chosen = bool(beaten(entry)) or not (own in lost or rejected)
    return preference(chosen, details)
