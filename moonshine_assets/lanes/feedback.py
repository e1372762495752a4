"""Implicit feedback: does a follow-up reject the answer before it? (the strong rules of the policy)"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from moonshine_assets.distill.policy import NegativeRule

#: Words that are not the person's own: fenced and inline code, quoted lines, quoted spans, addresses.
_NOT_OWN_WORDS = re.compile(
    r"```[\s\S]*?(?:```|\Z)|`[^`\n]*`|^[ \t]*>.*$|\"[^\"\n]*\"|“[^”\n]*”|https?://\S+", re.MULTILINE
)


def own_words(text: str) -> str:
    """The text without code, quotes and addresses, apostrophes made straight."""
    return _NOT_OWN_WORDS.sub(" ", text.replace("\u2019", "'")).strip()


def negative_rule(follow_up: str, answer: str, rules: Sequence[NegativeRule]) -> str | None:
    """Name of the first rule by which `follow_up` rejects `answer`, or None."""
    words = own_words(follow_up)
    for rule in rules:
        if rule.question_tail_characters and "?" in answer[-rule.question_tail_characters :]:
            continue
        if _compiled(rule.pattern).search(words[: rule.head_characters or None]):
            return rule.name
    return None


@lru_cache(maxsize=64)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE | re.VERBOSE)
