"""By which words a sentence is a rule, a decision, a milestone, something open, or a number worth keeping.

English, and the commonest German. What no word tells, commands, files and errors, needs no language: see `extract`.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from moonshine_assets.sessions.distillation.said import Speaker
from moonshine_assets.sessions.distillation.statements import Kind


class Rule(NamedTuple):
    """Sentences of these speakers that match are of this kind; the first rule that matches decides."""

    kind: Kind
    speakers: tuple[Speaker, ...]
    pattern: re.Pattern[str]


def _any(*alternatives: str) -> re.Pattern[str]:
    return re.compile("|".join(alternatives), re.IGNORECASE)


#: What a demand begins with; in the middle of a sentence these words say little.
_OPENING = r"\A\W*"

RULES: tuple[Rule, ...] = (
    Rule(
        "rule",
        ("human",),
        _any(
            _OPENING + r"(?:please )?(?:always|never|do not|don'?t|make sure|remember|avoid|only use|stick to)\b",
            _OPENING + r"(?:please )?keep in mind\b",
            r"\bmust(?: not|n't)?\b",
            r"\b(?:from now on|under no circumstances|is (?:off[ -]limits|forbidden|not allowed))\b",
            _OPENING + r"(?:immer|niemals|nie|bitte (?:immer|nie|kein\w*)|ab jetzt)\b",
        ),
    ),
    Rule(
        "decision",
        ("human", "model"),
        _any(
            r"\b(?:decided|decision|agreed|settled on|going with|go with|chose|chosen|opted for|picked)\b",
            r"\bwe(?:'ll| will) (?:use|keep|go|stay|take|do)\b",
            r"\blet'?s (?:use|keep|go|take|stay|switch|do)\b",
            r"\b(?:switch(?:ed|ing)? to|instead of|rather than)\b",
            r"\b(?:entschieden|entscheidung|wir (?:nehmen|bleiben bei|verwenden|nutzen))\b",
        ),
    ),
    Rule(
        "open",
        ("human", "model"),
        _any(
            _OPENING + r"(?:next(?: steps?)?|remaining|still (?:open|to do|missing)|to[ -]?do|follow[ -]up)\b",
            _OPENING + r"open (?:question|point|issue)s?\b",
            r"\b(?:remains|left|needs|has|have) to be (?:done|fixed|checked|decided|tested)\b",
            r"\b(?:not (?:yet|done yet)|blocked (?:on|by)|waiting (?:for|on))\b",
        ),
    ),
    Rule(
        "milestone",
        ("model", "human"),
        _any(
            r"\b(?:all|\d+) (?:\w+ )?(?:tests?|checks?) (?:now )?pass(?:es|ed|ing)?\b",
            r"\b(?:is|are|was|were|has been|have been) (?:now )?"
            r"(?:fixed|done|finished|merged|deployed|released|completed?|in place|live|migrated|published)\b",
            r"\b(?:fixed|finished|merged|deployed|released|completed|migrated|published) the\b",
        ),
    ),
    Rule(
        "number",
        ("human", "model"),
        _any(
            r"\b(?:port|limit|version|budget|deadline|threshold|timeout|quota|rate|size|count|total|id|ticket|issue|pr"
            r"|retries|ttl|ip|address|price|cost|target|max(?:imum)?|min(?:imum)?|expires?|due)\b[^.!?]{0,60}?\d",
            r"\d[\d.,_]*\s?(?:%|€|\$|(?:percent|ms|s|sec\w*|min\w*|h|hours?|days?|[KMGT]i?B|rps|req/s|tokens?|rows?"
            r"|users?|usd|eur)\b)",
        ),
    ),
)
