"""What a person said of an answer by a click, in the form `records.Message.feedback` has (EXPORT-FORMATS §18).

The run writer makes rows of the feedback table of it; the `feedback` column of messages is `up` or `down` alone. JSON
text, one of
    {"kind":"rating","value":"up"|"down"|null,"details":{…}}       thumbs; `details` is the provider's own object
    {"kind":"preference","chosen":true|false,"details":{…}}        this answer was preferred to others, or was not
`value` is null where only words were given. `details` is absent when there is nothing beyond the click.
"""

from __future__ import annotations

from typing import Any

from moonshine_assets.exports.values import payload

_UP = frozenset({"1", "up", "like", "liked", "thumbsup", "thumbup", "good", "positive"})
_DOWN = frozenset({"-1", "down", "dislike", "disliked", "thumbsdown", "thumbdown", "bad", "negative"})


def rating(value: Any, details: dict[str, Any]) -> str | None:
    """Feedback of a thumb in any spelling; None when neither the thumb nor `details` says anything."""
    known = thumb(value)
    kept = {key: item for key, item in details.items() if item or item is False or item == 0}
    if known is None and not kept:
        return None
    return _feedback({"kind": "rating", "value": known}, kept)


def preference(chosen: bool, details: dict[str, Any]) -> str:
    """Feedback of a choice between answers."""
    return _feedback({"kind": "preference", "chosen": chosen}, details)


def thumb(value: Any) -> str | None:
    """ "up", "down", or None for anything else."""
    if isinstance(value, bool):
        return "up" if value else "down"
    if isinstance(value, int | float):
        return "up" if value > 0 else "down" if value < 0 else None
    if not isinstance(value, str):
        return None
    word = value.strip().lower().replace("_", "").replace(" ", "")
    return "up" if word in _UP else "down" if word in _DOWN else None


def _feedback(said: dict[str, Any], details: dict[str, Any]) -> str:
    return payload({**said, "details": details} if details else said)
