"""The sections of a policy that cleaning and selection go by."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Literal

from msgspec import Meta

from moonshine_assets.distill.sections import Section

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


def redaction_faults(redaction: Redaction) -> Iterator[str]:
    """What types cannot say about redaction: patterns that do not compile, names that are no rule's or two rules'."""
    names = [rule.name for rule in redaction.rules]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"redaction: two rules are called {name}"
    for name in redaction.off:
        if name not in names:
            yield f"redaction.off: there is no rule {name!r}"
    for rule in redaction.rules:
        try:
            re.compile(rule.pattern)
        except re.error as error:
            yield f"redaction: pattern of {rule.name} is no regular expression: {error}"
