"""The rules in force as one searchable set: which texts may hold something, and where exactly it stands."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Literal, NamedTuple

import msgspec
import polars as pl

from moonshine_assets.distill.cleaning_policy import Redaction, RedactionRule
from moonshine_assets.distill.redaction.checks import CHECKS
from moonshine_assets.distill.redaction.identity import Identity

#: Raise it when the code that finds or replaces changes what it gives: everything is then scanned anew.
CODE_VERSION = 1
#: Texts in which escapes of JSON hide what stands in them are looked at decoded.
_ESCAPES = ["\\\\", "\\n", "\\r", "\\t", "\\f", "\\b", '\\"', "\\/"]
_DECODED = ["\\", "\n", "\r", "\t", " ", " ", '"', "/"]


class Find(NamedTuple):
    """Where something stands in a text, and what it is."""

    start: int
    end: int
    rule: str
    label: str


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule ready to search."""

    name: str
    kind: Literal["secret", "pii"]
    label: str
    pattern: str
    hints: tuple[str, ...]
    likely: str
    check: str
    exempt: frozenset[str]
    compiled: re.Pattern[str] = field(compare=False)

    @classmethod
    def of(cls, rule: RedactionRule) -> Rule:
        return cls(
            rule.name,
            rule.kind,
            rule.label,
            rule.pattern,
            rule.hints,
            rule.likely,
            rule.check,
            frozenset(rule.exempt),
            re.compile(rule.pattern),
        )

    def finds(self, text: str) -> Iterator[Find]:
        """What the rule finds in a text, in order."""
        group = "value" if "value" in self.compiled.groupindex else 0
        check = CHECKS.get(self.check)
        for match in self.compiled.finditer(text):
            start, end = match.span(group)
            if self._is_exempt(text[start:end]) or (check is not None and not check(text, start, end)):
                continue
            yield Find(start, end, self.name, self.label)

    def _is_exempt(self, value: str) -> bool:
        lowered = value.lower()
        return lowered in self.exempt or lowered.partition("@")[0] in self.exempt

    def may_hold(self, texts: pl.Series) -> pl.Series:
        """Row numbers of the texts the pattern matches in; the check has not spoken yet."""
        rows = self._likely(texts)
        return rows.filter(texts.gather(rows).str.contains(self.pattern)) if len(rows) else rows

    def _likely(self, texts: pl.Series) -> pl.Series:
        if self.hints:
            return texts.str.contains_any(list(self.hints), ascii_case_insensitive=True).arg_true()
        return texts.str.contains(self.likely).arg_true()


class Rules:
    """All rules in force, in their order.

    Args:
        redaction: the policy's section.
        identities: people whose exports are in the mash; their names are looked for where the policy says so.
    """

    def __init__(self, redaction: Redaction, identities: Sequence[Identity] = ()) -> None:
        known = identities if redaction.enabled and redaction.account_identity else ()
        own = [rule for identity in sorted(set(known)) for rule in identity.rules()]
        self.rules: tuple[Rule, ...] = tuple(Rule.of(rule) for rule in (*redaction.active, *own))
        parts = [msgspec.json.encode(redaction), *(repr(rule).encode() for rule in own), str(CODE_VERSION).encode()]
        self.version = sha256(b"\0".join(parts)).hexdigest()[:16]

    def may_hold(self, texts: pl.Series) -> dict[int, list[Rule]]:
        """By row number, the rules whose pattern matches in that text (or may, once its escapes are decoded)."""
        is_json = texts.str.contains(r"\A\s*[\[{]")
        found: dict[int, list[Rule]] = {}
        for rows, seen in (
            ((~is_json).arg_true(), texts.filter(~is_json)),
            (is_json.arg_true(), texts.filter(is_json).str.replace_many(_ESCAPES, _DECODED)),
        ):
            for rule in self.rules if len(rows) else ():
                for row in rows.gather(rule.may_hold(seen)):
                    found.setdefault(row, []).append(rule)
        # Further escapes could stand for any character, so such a text is looked at by every rule.
        for row in (is_json & texts.str.contains("\\u00", literal=True)).arg_true():
            found[row] = list(self.rules)
        return found
