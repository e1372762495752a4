"""What comes after a distillation: an offer to the next session at its place; in OpenClaw the successor itself, told.

Claude Code and Codex begin sessions by themselves: their SessionStart hook takes the offer. OpenClaw is asked for a
successor, and its first message is preceded by the block that our plug-in puts there.
"""

from __future__ import annotations

from hashlib import sha256
from typing import NamedTuple

from moonshine_assets.errors import GateFailed
from moonshine_assets.exports.fields import text_or_none
from moonshine_assets.sessions.continuity import Claimed, claim
from moonshine_assets.sessions.contracts import ArchiveRecord, ContinuityMap, DistillationRecord
from moonshine_assets.sessions.distillation.archived import ArchivedSession, open_archive
from moonshine_assets.sessions.distillation.distill import distill_session
from moonshine_assets.sessions.distillation.offering import offer_distilled
from moonshine_assets.sessions.usage.collect import Look, find
from moonshine_resources.atomic import write_json
from moonshine_resources.home import Home
from moonshine_resources.openclaw import OpenClaw

OPENCLAW = "openclaw"
_KEY_CHARACTERS = 12


class Distilled(NamedTuple):
    """A distillation, and whether its statements wait for a next session."""

    session: ArchivedSession
    record: DistillationRecord
    is_offered: bool


class Successor(NamedTuple):
    """Who goes on. `map` is None while nobody does yet: the offer waits for the next session at the place."""

    map: ContinuityMap | None
    session_key: str = ""


def distilled(home: Home, look: Look, record: ArchiveRecord) -> Distilled:
    """Distil an archive, and offer what was found to the next session at its place.

    Raises:
        MoonshineError: it could not be distilled; the audit log has a line of it.
    """
    session = open_archive(home, record, _place(look))
    made = distill_session(home, look.settings, session, look.environment, look.now)
    return Distilled(session, made, offer_distilled(home, look.settings, session, made, look.now) is not None)


def succeeded(home: Home, look: Look, made: Distilled) -> Successor:
    """See to the successor of a session that was distilled. Asked again it is the same one, and it is told once.

    Raises:
        ToolFailed: OpenClaw's gateway gave no answer.
        GateFailed: it made no successor, or did not take what that one is to be told.
    """
    session = made.session
    if session.tool != OPENCLAW or not look.settings.openclaw.rollover or not made.is_offered:
        return Successor(None)
    told = look.settings.openclaw
    gateway = OpenClaw(told.command, told.command_timeout_secs, told.gateway_token, told.state_dir)
    session_key = _successor_key(session)
    session_id = _created(gateway, session.place, session_key)
    valid = look.settings.continuity.offer_valid_secs
    claimed = claim(home, OPENCLAW, session.place, session_id, valid_secs=valid, now=look.now)
    if claimed is None:
        raise GateFailed(
            "what it was to be told was told to another session, or is too old", where=look.only, fix="nothing is lost"
        )
    done = home.moon_continuity / "told" / f"{claimed.idempotency_key}.json"
    if not done.exists():
        _inject(gateway, session_key, claimed, look.only)
        write_json(done, {"session_key": session_key, "session_id": session_id, "at": look.now})
    return Successor(claimed.map, session_key)


def _successor_key(session: ArchivedSession) -> str:
    """OpenClaw's name of the successor, from what it goes on from: asked for again it is the same session."""
    agent = session.place.split(":")[1] if session.place.startswith("agent:") else "main"
    source = f"{session.record.session_id}\0{session.record.content_hash}"
    return f"agent:{agent}:continued:{sha256(source.encode()).hexdigest()[:_KEY_CHARACTERS]}"


def _created(gateway: OpenClaw, parent: str, key: str) -> str:
    """The id of the successor."""
    answer = gateway.call(
        "sessions.create",
        {
            "key": key,
            "agentId": key.split(":")[1],
            "parentSessionKey": parent,
            "emitCommandHooks": True,
            "succeedsParent": True,
            "label": f"continued {key.rpartition(':')[2]}",
        },
    )
    session_id = text_or_none(answer.get("sessionId"))
    if answer.get("ok") is not True or session_id is None:
        raise GateFailed("the gateway made no successor", where=parent, fix="is it a version that is supported?")
    return session_id


def _inject(gateway: OpenClaw, session_key: str, claimed: Claimed, where: str) -> None:
    """Have the block put in front of the successor's next message; one that waits there already is enough."""
    answer = gateway.call(
        "moonshine.inject",
        {"sessionKey": session_key, "text": claimed.block, "idempotencyKey": claimed.idempotency_key},
    )
    if answer.get("id") != claimed.idempotency_key:
        raise GateFailed("the gateway did not take the block", where=where, fix="run `moon verify openclaw`")


def _place(look: Look) -> str:
    """Where the session works, as OpenClaw names it; other agents' logs say it themselves."""
    if not look.only.startswith(f"{OPENCLAW}:"):
        return ""
    reading = find(look)
    return reading.session_key if reading is not None else ""
