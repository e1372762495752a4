"""Who an export belongs to: name, address and number from the export's own user file."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any, NamedTuple

from moonshine_assets.distill.cleaning_policy import RedactionRule

#: Files in which providers say whose account it is (EXPORT-FORMATS: ChatGPT, Claude, DeepSeek, Grok, Qwen, Copilot).
USER_FILES = frozenset(
    {"user.json", "users.json", "account.json", "profile.json", "user_profile.json", "google_accounts.json"}
)
_NAMES = frozenset({"name", "full_name", "fullname", "display_name", "displayname", "nickname", "real_name"})
_ADDRESSES = frozenset({"email", "email_address", "emailaddress", "mail", "active"})
_NUMBERS = frozenset({"phone", "phone_number", "verified_phone_number", "mobile", "mobile_number", "mobile_phone"})
_SHORTEST_NAME = 5
_DEEPEST = 6


class Identity(NamedTuple):
    """One thing an export says of its owner: `kind` is name, address or number."""

    kind: str
    value: str

    def rules(self) -> Iterator[RedactionRule]:
        """The rule that finds it, in any case and with any white space; too short a name would match common words."""
        words = re.findall(r"[^\s]+", self.value)
        if self.kind == "name" and (len("".join(words)) < _SHORTEST_NAME):
            return
        if self.kind == "number":
            digits = re.sub(r"\D", "", self.value)
            if len(digits) >= 8:
                pattern = "(?:^|[^0-9])(?P<value>[+]?" + "[ ().-]{0,2}".join(digits) + ")(?:$|[^0-9])"
                yield _rule("account_number", "PHONE", pattern, ())
            return
        joined = r"\s+".join(_escaped(word) for word in words)
        label = "NAME" if self.kind == "name" else "EMAIL"
        pattern = rf"(?i:(?:^|[^\w])(?P<value>{joined})(?:$|[^\w]))"
        yield _rule(f"account_{self.kind}", label, pattern, (words[0],) if words[0].isascii() else ())


def identities(files: Mapping[str, bytes]) -> set[Identity]:
    """What user files say, whatever else stands in them; a file that is no JSON says nothing."""
    found: set[Identity] = set()
    for name, data in files.items():
        if PurePosixPath(name).name.lower() in USER_FILES:
            try:
                _collect(json.loads(data), found, 0)
            except (ValueError, RecursionError):
                continue
    return found


def _collect(value: Any, found: set[Identity], depth: int) -> None:
    if depth > _DEEPEST:
        return
    if isinstance(value, list):
        for item in value:
            _collect(item, found, depth + 1)
    elif isinstance(value, dict):
        first, last = value.get("first_name") or value.get("firstName"), value.get("last_name") or value.get("lastName")
        if isinstance(first, str) and isinstance(last, str) and first and last:
            found.add(Identity("name", f"{first} {last}"))
        for key, item in value.items():
            if isinstance(item, str) and item.strip():
                _take(key.lower(), item.strip(), found)
            else:
                _collect(item, found, depth + 1)


def _take(key: str, value: str, found: set[Identity]) -> None:
    if key in _ADDRESSES and "@" in value:
        found.add(Identity("address", value.lower()))
    elif key in _NAMES and "@" not in value and " " in value:
        found.add(Identity("name", " ".join(value.split())))
    elif key in _NUMBERS:
        found.add(Identity("number", value))


def _escaped(word: str) -> str:
    return re.sub(r"[^\w]", lambda match: "\\" + match[0] if match[0].isascii() else match[0], word)


def _rule(name: str, label: str, pattern: str, hints: tuple[str, ...]) -> RedactionRule:
    return RedactionRule(name=name, kind="pii", label=label, pattern=pattern, hints=hints)
