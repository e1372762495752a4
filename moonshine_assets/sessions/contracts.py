"""The records that stages hand to each other and leave on disk, declared once (DESIGN §8).

In and out: JSON. Always: the field names are fixed, a missing or unknown field is refused, and what is read back is
equal to what was written. docs/contracts.md is made from these declarations.
"""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta

from moonshine_assets.errors import BadInput

Text = Annotated[str, Meta(min_length=1)]
Tokens = Annotated[int, Meta(ge=0)]
Positive = Annotated[int, Meta(ge=1)]
Seconds = Annotated[int, Meta(ge=0, description="seconds since 1970-01-01 UTC")]
Sha256 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$", description="hex SHA-256")]


class Contract(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A record of fixed fields."""


class SessionUsageSnapshot(Contract, frozen=True):
    """How full a session is. `max_tokens` is the effective window: the smaller of the model's window and the point at
    which the tool compacts by itself. `usage_ratio` is used_tokens / max_tokens and may be above 1."""

    session_id: Text
    used_tokens: Tokens
    max_tokens: Positive
    usage_ratio: Annotated[float, Meta(ge=0)]
    captured_at_epoch_secs: Seconds
    provider: Text

    def __post_init__(self) -> None:
        if abs(self.usage_ratio * self.max_tokens - self.used_tokens) > 0.5:
            raise ValueError("usage_ratio is not used_tokens / max_tokens")


class ArchiveRecord(Contract, frozen=True):
    """A session as it was archived; the same hash and session are the same record. `archive_path` is relative to the
    data home. `projection_filtered_noise_count` is the number of entries that the readable projection leaves out."""

    session_id: Text
    archive_path: Text
    content_hash: Sha256
    created_at_epoch_secs: Seconds
    indexed_collection: Text
    projection_filtered_noise_count: Annotated[int, Meta(ge=0)]


class DistillationRecord(Contract, frozen=True):
    """A distillation of an archive and where it is told of; one that failed has its line in the audit log alone."""

    session_id: Text
    archive_path: Text
    provider: Text
    summary_path: Text
    audit_log_path: Text
    created_at_epoch_secs: Seconds


class KeyDecision(Contract, frozen=True):
    """A statement carried over, with the ids of the archived messages that say so."""

    statement: Text
    message_ids: Annotated[tuple[Text, ...], Meta(min_length=1)]


class ContinuityMap(Contract, frozen=True):
    """What a new session is told of the one before it."""

    source_session_id: Text
    target_session_id: Text
    archive_refs: Annotated[tuple[Text, ...], Meta(min_length=1)]
    daily_memory_refs: tuple[Text, ...]
    key_decisions: tuple[KeyDecision, ...]
    generated_at_epoch_secs: Seconds


class RecallMatch(Contract, frozen=True):
    """A place in an archive that answers a query; higher scores are better."""

    archive_path: Text
    snippet: str
    score: float
    metadata: dict[str, Any]


class RecallResult(Contract, frozen=True):
    """What recall found, best first; equal scores by archive_path and snippet. No match is an empty list."""

    query: Text
    matches: tuple[RecallMatch, ...]
    generated_at_epoch_secs: Seconds


class DistillTriggers(Contract, frozen=True):
    """What decides when, and over how much, a distillation runs; the values are those of moon.toml."""

    cooldown_secs: Annotated[int, Meta(ge=0)]
    max_per_cycle: Positive
    residential_timezone: Text
    chunk_bytes: Positive
    max_chunks: Positive
    model_context_tokens: Positive


class DaemonLockPayload(Contract, frozen=True):
    """Who watches. Older locks are one line with the process id: their other fields are null."""

    pid: Positive
    started_at_epoch_secs: Seconds | None
    build_uuid: Text | None
    moon_home: Text | None


#: Every contract, in the order of the documentation.
CONTRACTS: tuple[type[Contract], ...] = (
    SessionUsageSnapshot,
    ArchiveRecord,
    DistillationRecord,
    ContinuityMap,
    KeyDecision,
    RecallResult,
    RecallMatch,
    DistillTriggers,
    DaemonLockPayload,
)

Record = TypeVar("Record", bound=Contract)


def to_json(record: Contract) -> bytes:
    """One line of JSON, keys in the declared order, without a line break; only what can be read back is given.

    Raises:
        BadInput: a field holds what its declaration does not allow.
    """
    data = msgspec.json.encode(record)
    from_json(data, type(record))
    return data


def from_json(data: bytes | str, kind: type[Record], where: str = "") -> Record:
    """The record that JSON holds.

    Raises:
        BadInput: not JSON, a field is missing, unknown, of another type or out of bounds.
    """
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadInput(
            f"not a {kind.__name__}: {error}", where=where, fix="docs/contracts.md has its fields"
        ) from error


def lock_payload(data: bytes, where: str = "") -> DaemonLockPayload:
    """What a lock file says, in today's form or as one line with a process id.

    Raises:
        BadInput: neither.
    """
    text = data.strip()
    if text.isdigit() and int(text) > 0:
        return DaemonLockPayload(pid=int(text), started_at_epoch_secs=None, build_uuid=None, moon_home=None)
    return from_json(data, DaemonLockPayload, where)
