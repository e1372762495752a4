"""Implicit feedback: does a follow-up reject the answer before it, or approve of it? (the strong rules of the policy)

Rules read what a person wrote, without code, quotes and addresses. A rule that is not sure says nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from moonshine_assets.distill.policy import Dpo, NegativeRule, PositiveRule

#: Words that are not the person's own: fenced and inline code, quoted lines, quoted spans, addresses.
_NOT_OWN_WORDS = re.compile(
    r"```[\s\S]*?(?:```|\Z)|`[^`\n]*`|^[ \t]*>.*$|\"[^\"\n]*\"|“[^”\n]*”|https?://\S+", re.MULTILINE
)


#: So many answers of rules are remembered, and the last few texts without code and quotes: a conversation's worth.
_REMEMBERED = 2_048


@lru_cache(maxsize=64)
def own_words(text: str) -> str:
    """The text without code, quotes and addresses, apostrophes made straight."""
    return _NOT_OWN_WORDS.sub(" ", text.replace("\u2019", "'")).strip()


def negative_rule(follow_up: str, answer: str, rules: Sequence[NegativeRule]) -> str | None:
    """Name of the first rule by which `follow_up` rejects `answer`, or None."""
    for rule in rules:
        if rule.question_tail_characters and "?" in answer[-rule.question_tail_characters :]:
            continue
        if _fires(rule.pattern, rule.head_characters, follow_up):
            return rule.name
    return None


def positive_rule(follow_up: str, rules: Sequence[PositiveRule]) -> str | None:
    """Name of the first rule by which `follow_up` approves of the answer before it, or None."""
    for rule in rules:
        if _fires(rule.pattern, rule.head_characters, follow_up) and not _fires(
            rule.veto, rule.veto_characters, follow_up
        ):
            return rule.name
    return None


def advances(follow_up: str, rules: Dpo) -> bool:
    """Whether a follow-up goes on to something else, which takes the answer before it as it is."""
    return _fires(rules.advance_pattern, 0, follow_up)


def without_apology(answer: str, rules: Dpo) -> str:
    """The answer from where its leading apologies end."""
    while found := _compiled(rules.apology_pattern).match(answer):
        if not found.end():
            break
        answer = answer[found.end() :]
    return answer


def apologises(answer: str, rules: Dpo) -> bool:
    """Whether the answer begins with an apology."""
    return bool(_compiled(rules.apology_pattern).match(answer))


@lru_cache(maxsize=_REMEMBERED)
def _fires(pattern: str, head_characters: int, text: str) -> bool:
    """Whether a pattern is found in the head of what a person wrote; several lanes ask the same of a message."""
    return bool(_compiled(pattern).search(own_words(text)[: head_characters or None]))


@lru_cache(maxsize=64)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE | re.VERBOSE)
