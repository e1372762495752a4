"""Distillation without a model: sentences, commands, paths and numbers as they were said, picked by rules.

In: what a session says. Out: candidates, the most important first. Always: every text stands letter for letter in the
message it names, and the same session gives the same candidates.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from moonshine_assets.sessions.distillation.rules import RULES
from moonshine_assets.sessions.distillation.said import Call, Said, Speaker
from moonshine_assets.sessions.distillation.sentences import sentences
from moonshine_assets.sessions.distillation.statements import MAXIMUM_CHARACTERS, Candidate, Kind

#: Shorter ones say too little to stand alone.
_MINIMUM_CHARACTERS = 12
#: How many of a kind are carried on; of rules, decisions and what is open the last ones matter most, too.
LIMITS: dict[Kind, int] = {
    "rule": 40,
    "decision": 40,
    "open": 15,
    "milestone": 30,
    "error": 10,
    "number": 40,
    "path": 40,
    "command": 40,
}


_COMMAND_KEYS = ("command", "cmd", "script")
_PATH_KEYS = ("file_path", "path", "filename", "file", "notebook_path")
#: Only reading and looking around, unless something else is run behind it: no work of the session.
_LOOKING = re.compile(
    r"\A\s*(?:sleep|ls|cat|head|tail|pwd|cd|echo|which|wc|tree|find|grep|rg|sed -n|git (?:status|log|diff|show))\b"
    r"(?![^\n]*(?:&&|;|\|\|))"
)
_READING_TOOLS = re.compile(r"read|grep|glob|search|list|ls|view|fetch", re.IGNORECASE)
#: The person stopped the tool: no fault of the work.
_REFUSED = re.compile(r"\s*(?:The user doesn't want|\[Request interrupted|.{0,40}rejected by user)", re.IGNORECASE)
_PATCHED = re.compile(r"^\*\*\* (?:Add|Update|Delete) File: (.+)$", re.MULTILINE)


def extract(messages: list[Said]) -> list[Candidate]:
    """The candidates of a session, by kind in the order of `LIMITS`, newest first within a kind.

    Of a kind with more than its limit the newest stay; a text that was said again counts where it was said last.
    """
    found: dict[Kind, dict[str, Candidate]] = {kind: {} for kind in LIMITS}
    for message in messages:
        for candidate in _of(message):
            same = found[candidate.kind]  # type: ignore[index]
            same.pop(candidate.text.casefold(), None)
            same[candidate.text.casefold()] = candidate
    return [one for kind, limit in LIMITS.items() for one in list(found[kind].values())[::-1][:limit]]


def _of(message: Said) -> Iterator[Candidate]:
    for sentence in sentences(message.text):
        kind = _kind(sentence, message.speaker)
        if kind is not None:
            yield Candidate(kind, sentence, (message.message_id,))
    for call in message.calls:
        yield from _of_call(call, message.message_id)


def _kind(sentence: str, speaker: Speaker) -> Kind | None:
    if not _MINIMUM_CHARACTERS <= len(sentence) <= MAXIMUM_CHARACTERS:
        return None
    kind = next((rule.kind for rule in RULES if speaker in rule.speakers and rule.pattern.search(sentence)), None)
    # a question settles nothing, whatever its words are; what it leaves open, it leaves open
    return None if sentence.endswith("?") and kind != "open" else kind


def _of_call(call: Call, message_id: str) -> Iterator[Candidate]:
    command = _command(call.arguments)
    if command and len(command) <= MAXIMUM_CHARACTERS and not call.is_error and not _LOOKING.match(command):
        yield Candidate("command", command, (message_id,))
    if not _READING_TOOLS.search(call.tool):
        for path in _paths(call.arguments):
            yield Candidate("path", path, (message_id,))
    if call.is_error and not _REFUSED.match(call.output):
        line = next((line.strip() for line in reversed(call.output.splitlines()) if line.strip()), "")
        if _MINIMUM_CHARACTERS <= len(line) <= MAXIMUM_CHARACTERS:
            yield Candidate("error", line, (message_id,))


def _command(arguments: dict[str, Any]) -> str | None:
    for key in _COMMAND_KEYS:
        value = arguments.get(key)
        if isinstance(value, str):
            return value.strip()
        if isinstance(value, list) and value and all(isinstance(part, str) for part in value):
            # ["bash", "-lc", "…"]: the last word is what was run
            return (value[-1] if value[0].rpartition("/")[2] in ("bash", "sh", "zsh") else " ".join(value)).strip()
    return None


def _paths(arguments: dict[str, Any]) -> Iterator[str]:
    for key in _PATH_KEYS:
        value = arguments.get(key)
        if isinstance(value, str) and value.strip() and "\n" not in value and len(value) <= MAXIMUM_CHARACTERS:
            yield value.strip()
    for value in arguments.values():
        if isinstance(value, str) and "*** Begin Patch" in value:
            yield from (path.strip() for path in _PATCHED.findall(value))
