"""Who answers whom: from `parent_response_id` where there is any, else from the order of the array.

Nine in ten responses of real exports have a parent; the others are first prompts, or older than the field.
"""

from __future__ import annotations

from typing import Any

import msgspec

from moonshine_assets.exports.loose import first_ident, own_ids
from moonshine_assets.exports.records import Message
from moonshine_assets.exports.values import ident


class Linked(msgspec.Struct):
    """Ids and parents of the responses, in file order, and the last one where there are no parents."""

    ids: list[str]
    parents: list[str | None]
    current: str | None


def linked(responses: list[dict[str, Any]], messages: list[Message]) -> Linked:
    """The tree. Without a pointer a prompt that follows a response with one starts over (an edited first prompt);
    anything else attaches to its predecessor."""
    given = [first_ident(response, "_id", "id", "response_id") or f"r{rank}" for rank, response in enumerate(responses)]
    pointers = [ident(response.get("parent_response_id")) for response in responses]
    if not any(pointers):
        ids = own_ids(given)
        for name, own, message in zip(given, ids, messages, strict=True):
            if name != own:
                message.flags = sorted({*message.flags, "duplicate_id"})
        return Linked(ids, [None, *ids][: len(ids)], ids[-1] if ids else None)
    parents: list[str | None] = []
    for rank, pointer in enumerate(pointers):
        starts_over = messages[rank].role == "user" and rank > 0 and pointers[rank - 1] is not None
        parents.append(pointer or (None if rank == 0 or starts_over else given[rank - 1]))
    return Linked(given, parents, None)
