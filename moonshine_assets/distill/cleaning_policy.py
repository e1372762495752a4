"""The sections of a policy that cleaning and selection go by."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Literal

from msgspec import Meta

from moonshine_assets.distill.sections import Positive, Section, Share

Weight = Annotated[float, Meta(ge=0)]
CheckName = Literal[
    "",
    "mixed",
    "mixed_case",
    "no_variable",
    "email",
    "phone",
    "card",
    "iban",
    "social_security_number",
    "ip_address",
]


class RedactionRule(Section, frozen=True):
    """One thing that is taken out of texts; see rules/redaction.toml."""

    name: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]*$")]
    kind: Literal["secret", "pii"]
    label: Annotated[str, Meta(pattern=r"^[A-Z][A-Z0-9_]*$")]
    pattern: str
    hints: tuple[str, ...] = ()
    likely: str = ""
    check: CheckName = ""
    exempt: tuple[str, ...] = ()


class Redaction(Section, frozen=True):
    """`rules` are those of `rules_file` (a bundled name, or a .toml beside the policy), less those named in `off`."""

    enabled: bool
    account_identity: bool
    rules_file: str
    off: tuple[str, ...]
    rules: tuple[RedactionRule, ...]

    @property
    def active(self) -> tuple[RedactionRule, ...]:
        """The rules in force, in order."""
        return tuple(rule for rule in self.rules if rule.name not in self.off) if self.enabled else ()


class NearDuplicates(Section, frozen=True):
    """Texts are compared as sets of runs of `shingle_words` words, by MinHash of `bands` × `rows` and then exactly.

    Pairs from `candidate_jaccard` on are kept; from `merge_jaccard` on they are one text; none comes under a text that
    it is less alike to than `floor_jaccard`.
    """

    enabled: bool
    minimum_words: Positive
    shingle_words: Positive
    bands: Annotated[int, Meta(ge=1, le=64)]
    rows: Annotated[int, Meta(ge=1, le=16)]
    candidate_jaccard: Share
    merge_jaccard: Share
    floor_jaccard: Share


class Language(Section, frozen=True):
    """A text's language is known when it has `minimum_letters` and the model is `minimum_confidence` sure."""

    characters: Positive
    minimum_letters: Positive
    minimum_confidence: Share


class TextMark(Section, frozen=True):
    """A name for texts that a pattern matches."""

    name: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]*$")]
    pattern: str


class Signals(Section, frozen=True):
    """What is measured of a text's first `head_characters`; marks are those of `rules_file`."""

    head_characters: Positive
    mostly_code_share: Share
    addresses_per_thousand: Annotated[float, Meta(ge=0)]
    rules_file: str
    machine: tuple[TextMark, ...]
    signatures: tuple[TextMark, ...]


class Decontamination(Section, frozen=True):
    """A text with so many runs of `gram_words` words of a benchmark, and such a share of them, is left out."""

    enabled: bool
    gram_words: Positive
    minimum_hits: Positive
    minimum_coverage: Share


class Selection(Section, frozen=True):
    """Weights of the parts of a conversation's quality, see conversation_scores.sql."""

    variety: Weight
    novelty: Weight
    depth: Weight
    completeness: Weight
    language: Weight
    approval: Weight


def near_duplicate_faults(rules: NearDuplicates) -> Iterator[str]:
    """Thresholds in the wrong order, or texts too short to have a run of words."""
    if not rules.floor_jaccard <= rules.candidate_jaccard <= rules.merge_jaccard:
        yield "near_duplicates: floor_jaccard, candidate_jaccard and merge_jaccard must not decrease in this order"
    if rules.minimum_words < rules.shingle_words:
        yield "near_duplicates: minimum_words is below shingle_words"


def redaction_faults(redaction: Redaction) -> Iterator[str]:
    """What types cannot say about redaction: patterns that do not compile, names that are no rule's or two rules'."""
    names = [rule.name for rule in redaction.rules]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"redaction: two rules are called {name}"
    for name in redaction.off:
        if name not in names:
            yield f"redaction.off: there is no rule {name!r}"
    for rule in redaction.rules:
        for pattern in (rule.pattern, rule.likely):
            try:
                re.compile(pattern)
            except re.error as error:
                yield f"redaction: a pattern of {rule.name} is no regular expression: {error}"
