"""Which lines are one answer of the model, and what it cost (EXPORT-FORMATS §13).

An answer is written one block a line, each with the same message id; its usage is repeated or grows. Gateways give
every answer the same id, so lines without a request id are one answer only when they follow each other.
"""

from __future__ import annotations

from typing import Any

from moonshine_assets.exports.fields import ident, mapping
from moonshine_assets.exports.usage import largest, usage_json, usage_of

_USAGE_NAMES = {
    "input": "input_tokens",
    "output": "output_tokens",
    "cache_read": "cache_read_input_tokens",
    "cache_write": "cache_creation_input_tokens",
}


def group_answers(records: list[dict[str, Any]], parents: list[int]) -> list[int]:
    """For each record the rank of the first line of its answer; -1 for what is no answer.

    `parents` are ranks, -1 at a root.
    """
    first = [-1] * len(records)
    open_answers: dict[str, tuple[int, str | None]] = {}
    for rank, record in enumerate(records):
        if record.get("type") != "assistant":
            continue
        message_id = ident(mapping(record.get("message")).get("id"))
        request_id = ident(record.get("requestId"))
        known = open_answers.get(message_id) if message_id else None
        if known is not None and _continues(known, request_id, first[parents[rank]] if parents[rank] >= 0 else -1):
            first[rank] = known[0]
            open_answers[message_id or ""] = known[0], request_id or known[1]
            continue
        first[rank] = rank
        if message_id:
            open_answers[message_id] = rank, request_id
    return first


def _continues(known: tuple[int, str | None], request_id: str | None, answer_above: int) -> bool:
    begun, request_before = known
    if request_id is not None and request_before is not None:
        return request_id == request_before
    return answer_above == begun


def answer_usage(records: list[dict[str, Any]]) -> str | None:
    """The usage of one answer from all of its lines."""
    stated = (mapping(mapping(record.get("message")).get("usage")) for record in records)
    return usage_json(largest(usage_of(usage, _USAGE_NAMES) for usage in stated))
