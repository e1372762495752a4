"""Replacing what was found by marks, in plain text and inside the strings and numbers of JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import NamedTuple

from moonshine_assets.distill.redaction.rules import Rule

_LITERAL = re.compile(r'"(?:[^"\\]|\\.)*"|-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?', re.DOTALL)
_SURROGATE = re.compile("[\ud800-\udfff]")
#: A mark stands for a value until the value's number is known. Its digest has letters only, so no rule matches it.
_MARK = re.compile("\ue000([A-Z0-9_]+):([a-p]{64})\ue001")
_TO_LETTERS = str.maketrans("0123456789abcdef", "abcdefghijklmnop")
_TO_DIGITS = str.maketrans("abcdefghijklmnop", "0123456789abcdef")
_SPACED = frozenset({"PHONE", "CARD", "IBAN"})
#: A replacement can uncover what its neighbour hid; more rounds than this are not needed by any pattern.
ROUNDS = 4


class Replaced(NamedTuple):
    """A value that was replaced: by which rule, under which label, and the digest that stands for it."""

    rule: str
    label: str
    digest: str


class Values(NamedTuple):
    """What one text lost, in the order of replacing."""

    text: str
    replaced: list[Replaced]


def digest_of(label: str, value: str) -> str:
    """SHA-256 of a value as it is compared: case does not count, nor do the separators of numbers."""
    normal = re.sub(r"[^0-9A-Za-z]", "", value) if label in _SPACED else value
    return sha256(f"{label}\0{normal.lower()}".encode("utf-8", "surrogatepass")).hexdigest()


def marked(text: str, rules: Sequence[Rule]) -> Values:
    """The text with a mark in place of every find; JSON is searched inside its literals and stays JSON."""
    replaced: list[Replaced] = []
    for _ in range(ROUNDS):
        before = text
        text = _in_json(text, rules, replaced) if _is_json(text) else _in_plain(text, rules, replaced)
        if text == before:
            break
    return Values(text, replaced)


def _is_json(text: str) -> bool:
    if text.lstrip()[:1] not in ("{", "["):
        return False
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _in_plain(text: str, rules: Iterable[Rule], replaced: list[Replaced]) -> str:
    for rule in rules:
        pieces: list[str] = []
        done = 0
        for find in rule.finds(text):
            digest = digest_of(find.label, text[find.start : find.end])
            pieces += (text[done : find.start], f"\ue000{find.label}:{digest.translate(_TO_LETTERS)}\ue001")
            replaced.append(Replaced(find.rule, find.label, digest))
            done = find.end
        if pieces:
            text = "".join(pieces) + text[done:]
    return text


def _in_json(text: str, rules: Sequence[Rule], replaced: list[Replaced]) -> str:
    def literal(match: re.Match[str]) -> str:
        token = match[0]
        value = json.loads(token, strict=False) if token[0] == '"' else token
        changed = marked(value, rules)
        if not changed.replaced:
            return token
        replaced.extend(changed.replaced)
        encoded = json.dumps(changed.text, ensure_ascii=False)
        return _SURROGATE.sub(lambda half: f"\\u{ord(half[0]):04x}", encoded)

    return _LITERAL.sub(literal, text)


def numbered(text: str, numbers: Mapping[tuple[str, str], int]) -> str:
    """The text with `<LABEL_number>` in place of the marks."""

    def placeholder(match: re.Match[str]) -> str:
        return f"<{match[1]}_{numbers[match[1], match[2].translate(_TO_DIGITS)]}>"

    return _MARK.sub(placeholder, text)
