"""A new session takes the offer at its place: its map, the text it is given, and the link from old to new."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from msgspec.structs import replace

from moonshine_assets.sessions.continuity.block import block
from moonshine_assets.sessions.continuity.chain import Link, link
from moonshine_assets.sessions.continuity.offers import WAIT, Offer, offer_path, read_offer, write_offer
from moonshine_assets.sessions.contracts import ContinuityMap, KeyDecision, from_json, to_json
from moonshine_resources.atomic import atomic_file, write_text
from moonshine_resources.home import Home
from moonshine_resources.locks import exclusive

_NAME_CHARACTERS = 24
_KEY_CHARACTERS = 32


class Claimed(NamedTuple):
    """What a session is told: the record, the text to give it, and a key by which a tool can take it once."""

    map: ContinuityMap
    block: str
    idempotency_key: str


def claim(home: Home, tool: str, place: str, target_session_id: str, *, valid_secs: int, now: int) -> Claimed | None:
    """What the session `target_session_id` is told, or None when nothing waits for it.

    An offer goes to one session. That session may ask again and gets the same. A session that asks for what it said
    itself, after its tool compacted it, gets a map to itself, and the offer stays for its successor.

    Raises:
        Busy: another process keeps the offers.
        StorageFull: the map could not be written; the offer stays as it was.
    """
    path = offer_path(home, tool, place)
    if not path.exists():
        return None
    with exclusive(home.moon_continuity_lock, seconds=WAIT, what="what sessions are offered"):
        waiting = read_offer(path)
        if waiting is None or waiting.claimed_by not in (None, target_session_id):
            return None
        stands = _map_path(home, waiting, target_session_id)
        text = stands.with_suffix(".md")
        if stands.exists():
            made = from_json(stands.read_bytes(), ContinuityMap, stands.name)
        elif now - waiting.offered_at_epoch_secs > valid_secs:
            return None
        else:
            made = _map(waiting, target_session_id, now)
            write_text(text, block(made, waiting))
            with atomic_file(stands) as stream:
                stream.write(to_json(made) + b"\n")
        if target_session_id != waiting.source_session_id and waiting.claimed_by is None:
            link(home, _link(home, waiting, target_session_id, stands, now))
            write_offer(path, replace(waiting, claimed_by=target_session_id))
        key = sha256(f"{waiting.source_session_id}\0{waiting.content_hash}".encode()).hexdigest()
        return Claimed(made, text.read_text("utf-8"), key[:_KEY_CHARACTERS])


def _map_path(home: Home, waiting: Offer, target_session_id: str) -> Path:
    name = sha256(
        "\0".join((waiting.tool, waiting.source_session_id, waiting.content_hash, target_session_id)).encode()
    ).hexdigest()
    return home.moon_continuity / "maps" / f"{name[:_NAME_CHARACTERS]}.json"


def shortened(text: str, max_characters: int) -> str:
    """The text without its last statements, as many as it takes; head and end stay."""
    lines = text.splitlines(keepends=True)
    while len(text) > max_characters:
        last = next((n for n in range(len(lines) - 1, -1, -1) if lines[n].startswith("- ")), None)
        if last is None:
            break
        del lines[last]
        text = "".join(lines)
    return text


def _map(waiting: Offer, target_session_id: str, now: int) -> ContinuityMap:
    return ContinuityMap(
        source_session_id=waiting.source_session_id,
        target_session_id=target_session_id,
        archive_refs=(waiting.archive_path,),
        daily_memory_refs=waiting.daily_memory_refs,
        key_decisions=tuple(KeyDecision(statement=one.text, message_ids=one.message_ids) for one in waiting.statements),
        generated_at_epoch_secs=now,
    )


def _link(home: Home, waiting: Offer, target_session_id: str, stands: Path, now: int) -> Link:
    return Link(
        tool=waiting.tool,
        source_session_id=waiting.source_session_id,
        target_session_id=target_session_id,
        archive_path=waiting.archive_path,
        content_hash=waiting.content_hash,
        map_path=stands.relative_to(home.root).as_posix(),
        linked_at=datetime.fromtimestamp(now, UTC).isoformat().replace("+00:00", "Z"),
    )
