"""An exported evaluation: a rating beside a snapshot of the chat it was given in (EXPORT-FORMATS §6)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from moonshine_assets.exports.ratings import preference, rating, thumb
from moonshine_assets.exports.records import ParsedConversation
from moonshine_assets.exports.values import ident


def rate(element: Mapping[str, Any], parsed: ParsedConversation) -> None:
    """Put the rating of an evaluation on the message it names, which the snapshot's own annotation may lack.

    With siblings in the arena it is a preference: the answer was chosen over, or left for, the models in
    `details.sibling_model_ids`.
    """
    data, meta = element.get("data"), element.get("meta")
    if "snapshot" not in element or not isinstance(data, dict) or not isinstance(meta, dict):
        return
    named = ident(meta.get("message_id"))
    details = {key: value for key, value in data.items() if key != "rating" and value}
    known = thumb(data.get("rating"))
    if meta.get("arena") is True and details.get("sibling_model_ids") and known is not None:
        said: str | None = preference(known == "up", details)
    else:
        said = rating(data.get("rating"), details)
    for node in parsed.nodes:
        if node.message is not None and named is not None and named in (node.node_id, node.message.alias_id):
            node.message.feedback = said or node.message.feedback
