"""What a hook does when its agent calls it: archive before a compaction, tell a new session of the one before it.

In: the event and what the agent says of it. Out: what the agent is answered, and a line for the audit log. Always: it
answers; whatever fails is told as a warning, for a hook that fails could stop its agent.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from msgspec.structs import replace

from moonshine_assets.errors import BadInput, MoonshineError, Unreadable
from moonshine_assets.sessions.audit import Code, Line
from moonshine_assets.sessions.settings import Settings
from moonshine_assets.sessions.usage.reading import Reading
from moonshine_resources.home import Home

PROVIDERS = {"claude-code": "claude_code", "codex": "codex", "openclaw": "openclaw"}
ARCHIVING = ("PreCompact", "session:compact:before")
BEGINNING = ("SessionStart",)
#: Codex cuts a longer text in its middle; a little is kept for what it puts around it.
_CODEX_CHARACTERS = 9_500


class Situation(NamedTuple):
    """Where and when a hook runs.

    Args:
        home: the data home.
        settings: what applies.
        environment: for the folders of agents.
        now: epoch seconds.
    """

    home: Home
    settings: Settings
    environment: Mapping[str, str]
    now: int


class Answer(NamedTuple):
    """What the agent is answered, {} when there is nothing to say; and what goes into the audit log."""

    said: dict[str, Any]
    line: Line


def answer(situation: Situation, agent: str, event: str, payload: Mapping[str, Any]) -> Answer:
    """Do what an event asks for.

    Args:
        situation: where and when.
        agent: its name, one of PROVIDERS.
        event: one of ARCHIVING or BEGINNING.
        payload: what the agent says of the event.
    """
    session = f"{PROVIDERS[agent]}:{_text(payload, 'session_id')}"
    try:
        if event in ARCHIVING:
            return Answer({}, _archived(situation, agent, payload))
        return _told(situation, agent, payload)
    except (MoonshineError, OSError) as error:
        reason = str(error)
    except Exception as error:  # a hook never fails its agent; what it did is in the log
        reason = f"{type(error).__name__} in the hook"
    what = "this session was not archived before it was compacted" if event in ARCHIVING else "nothing was carried over"
    line = Line(code=Code.HOOK_FAILED, at=situation.now, stage="hook", session=session, reason=f"{event}: {reason}")
    return Answer({"systemMessage": f"Moonshine: {what}: {reason}"}, line)


def payload_of(text: str) -> dict[str, Any]:
    """What an agent says of an event.

    Raises:
        BadInput: not a JSON object.
    """
    try:
        value = json.loads(text)
    except ValueError as error:
        raise BadInput("the event is not JSON", where="standard input", fix="an agent calls this command") from error
    if not isinstance(value, dict):
        raise BadInput("the event is not a JSON object", where="standard input", fix="an agent calls this command")
    return value


def _archived(situation: Situation, agent: str, payload: Mapping[str, Any]) -> Line:
    """Archive, read back, index; without the index the archive still stands, and the watcher makes it up."""
    from moonshine_assets.sessions.archive import archive_session, verify_archive
    from moonshine_assets.sessions.recall import index_archive

    home, settings, now = situation.home, situation.settings, situation.now
    reading = _reading(situation, agent, payload)
    record = archive_session(home, settings, reading, now)
    verified = verify_archive(home, record)
    figures = {"members": verified.members, "size_bytes": verified.size_bytes}
    reason = ""
    try:
        figures["passages"] = index_archive(home, record).passages
    except MoonshineError as error:
        reason = f"archived, not indexed yet: {error.what}"
    return Line(
        code=Code.HOOK,
        at=now,
        stage="hook",
        session=reading.key,
        archive=record.archive_path,
        reason=reason,
        figures=figures,
    )


def _told(situation: Situation, agent: str, payload: Mapping[str, Any]) -> Answer:
    from moonshine_assets.sessions.continuity import claim, shortened

    home, now, provider = situation.home, situation.now, PROVIDERS[agent]
    session_id, place = _text(payload, "session_id"), _text(payload, "cwd")
    line = Line(code=Code.HOOK, at=now, stage="hook", session=f"{provider}:{session_id}")
    valid = situation.settings.continuity.offer_valid_secs
    claimed = claim(home, provider, place, session_id, valid_secs=valid, now=now) if session_id and place else None
    if claimed is None:
        return Answer({}, line)
    text = shortened(claimed.block, _CODEX_CHARACTERS) if agent == "codex" else claimed.block
    said = {"hookSpecificOutput": {"hookEventName": "SessionStart", "additionalContext": text}}
    source = claimed.map.source_session_id
    return Answer(said, replace(line, code=Code.CONTINUED, reason=f"told of {source}"))


def _reading(situation: Situation, agent: str, payload: Mapping[str, Any]) -> Reading:
    """Where the session is: the agent says it, or for OpenClaw its store is asked."""
    provider, session_id = PROVIDERS[agent], _text(payload, "session_id")
    if not session_id:
        raise Unreadable("the event names no session", where=agent, fix="is it a version that is supported?")
    path = _text(payload, "transcript_path")
    if agent != "openclaw":
        return Reading(
            provider=provider,
            session_id=session_id,
            source_path=str(Path(path).expanduser()) if path else "",
            used_tokens=None,
            window_tokens=None,
            own_compaction_at=None,
            updated_at_epoch_secs=situation.now,
            captured_at_epoch_secs=situation.now,
        )
    from moonshine_assets.sessions.usage.collect import Look, find
    from moonshine_resources.tokenizer import load

    home, settings, environment, now = situation
    look = Look(settings, environment, now, lambda: load(home.vocabulary_folder), f"{provider}:{session_id}")
    found = find(look)
    if found is None:
        raise Unreadable("the session is not in its store", where=look.only, fix="is OPENCLAW_STATE_DIR the gateway's?")
    return found


def _text(payload: Mapping[str, Any], name: str) -> str:
    value = payload.get(name)
    return value if isinstance(value, str) else ""
