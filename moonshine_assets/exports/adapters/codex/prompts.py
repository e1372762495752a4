"""Prompts of persons among the messages of the user's role (EXPORT-FORMATS §14, issues in EXPORT-PAIN-POINTS 24)."""

from __future__ import annotations

import re
from collections import defaultdict, deque
from typing import NamedTuple

from moonshine_assets.exports.adapters.codex.wire import Entry, texts_of
from moonshine_assets.exports.fields import text_or_none

#: What the client puts under the user's role: one element from beginning to end, or one of its headings.
_ELEMENT = re.compile(r"\s*<([A-Za-z][\w -]*)>.*</\1>\s*", re.DOTALL)
_OPENINGS = re.compile(
    r"\s*(?:# AGENTS\.md instructions|<environment_context>|<user_instructions>|<permissions|<INSTRUCTIONS>"
    r"|<subagent_notification>|<turn_aborted>|<skill>|<user_shell_command>|<user_action>|<collaboration_mode>"
    r"|<personality_spec>|<model_switch>|<hook_prompt>|<goal_context>|<heartbeat>"
    r"|Another language model started to solve this problem)"
)
#: The editor puts what it shows before the prompt.
_REQUEST = re.compile(r"\A(?P<context>.*?)^## My request for Codex:\s*$\n?", re.DOTALL | re.MULTILINE)


class Prompts(NamedTuple):
    """By line number: messages that an event confirms as a person's, and events that no message mirrors, with their
    texts. `are_confirmed` tells that the log has such events."""

    confirmed: set[int]
    alone: dict[int, str]
    are_confirmed: bool


def find_prompts(entries: list[Entry]) -> Prompts:
    """Match the events that tell of a prompt with the messages that carry it to the model."""
    by_text: dict[str, deque[int]] = defaultdict(deque)
    for entry in entries:
        if entry.kind == "item" and entry.type == "message" and entry.body.get("role") == "user":
            texts = texts_of(entry.body.get("content", entry.body.get("message")))
            for text in {*texts, "".join(texts), "\n".join(texts)}:
                by_text[text.strip()].append(entry.number)
    confirmed: set[int] = set()
    alone: dict[int, str] = {}
    told: set[str] = set()
    are_confirmed = False
    for entry in entries:
        if entry.kind == "item" and entry.body.get("role") != "user":
            told.clear()
        prompt = prompt_of(entry)
        if prompt is None:
            continue
        are_confirmed = True
        if prompt.strip() in told:  # a prompt may be told of by two kinds of event
            continue
        told.add(prompt.strip())
        candidates = by_text[prompt.strip()]
        while candidates and candidates[0] in confirmed:
            candidates.popleft()
        if candidates:
            confirmed.add(candidates.popleft())
        elif prompt:
            alone[entry.number] = prompt
    return Prompts(confirmed, alone, are_confirmed)


def prompt_of(entry: Entry) -> str | None:
    """The text of an event that tells of a prompt; None for anything else."""
    if entry.kind != "event":
        return None
    if entry.type == "user_message":
        return text_or_none(entry.body.get("message")) or ""
    if entry.type == "item_completed" and entry.item.get("type") == "UserMessage":
        return "\n".join(texts_of(entry.item.get("content")))
    return None


def is_machine_written(text: str) -> bool:
    """Whether a text of the user's role is the client's, by its form alone."""
    return _OPENINGS.match(text) is not None or _ELEMENT.fullmatch(text) is not None


def asked(text: str) -> tuple[str, str | None]:
    """A prompt without what the editor put before it, and that."""
    match = _REQUEST.match(text)
    left = text[match.end() :].strip() if match else ""
    return (left, match["context"].strip() or None) if match and left else (text, None)
