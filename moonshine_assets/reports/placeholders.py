"""Gate no_placeholder: fields that identify something hold a real value, never a stand-in for one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from hashlib import sha256
from itertools import pairwise
from typing import Any

from moonshine_assets.gates import Verdict, broken, held

#: Fields that may be null, with the reason. Every other field the gate looks at must have a value.
MAY_BE_NULL: Mapping[str, str] = {"expected_sha256": "no lock was configured for the source"}

#: Last words of the names of fields that hold a SHA-256.
_CHECKSUM = re.compile(r"(?:^|_)(?:sha256|hash|checksum|digest|mash_state)(?P<plural>e?s)?$")
#: Last words of the names of fields that hold a name: versions, ids, sources.
_NAMED = re.compile(r"(?:^|_)(?:version|run_id|source|source_type|source_path|tokenizer|library)(?P<plural>s)?$")
#: What a person called a file is its name, whatever the word; it only must be there.
_GIVEN_BY_PEOPLE = re.compile(r"(?:^|_)source_paths?$")

_STAND_INS = (
    "todo|tbd|tba|tbc|fixme|placeholder|synthetic|dummy|fake|unknown|unset|undefined|changeme|change[-_ ]me|replaceme"
)
_WHOLE = re.compile(rf"(?:{_STAND_INS}|n/?a|none|null|nil|nan|missing|pending|x{{3,}}|\W+)", re.IGNORECASE)
_WORD = re.compile(rf"(?<![a-z0-9])(?:{_STAND_INS}|x{{3,}})(?![a-z0-9])", re.IGNORECASE)
_TEMPLATE = re.compile(r"<[^<>]*>|\$\{|\{\{")

_HEX = re.compile(r"[0-9a-f]{64}")
_OF_NOTHING = sha256(b"").hexdigest()
#: Fields beside a checksum that say how much was hashed; 0 makes the SHA-256 of nothing a true one.
_SIZES = ("bytes", "size", "size_bytes", "source_size_bytes", "bytes_total", "raw_json_tokens")
#: A real SHA-256 has fewer different digits with a chance below 1e-22.
_FEWEST_DIGITS = 7
_PLAIN_KEY = re.compile(r"[A-Za-z_]\w*")


def no_placeholder(documents: Mapping[str, Any]) -> Verdict:
    """No checksum, version, run id or source of these JSON documents is empty, a stand-in or made up.

    Args:
        documents: parsed JSON by name (a path within the home).

    The offenders name document and JSON path; values are never shown.
    """
    offenders: list[dict[str, Any]] = []
    checked = 0
    for name, document in documents.items():
        for path, problem in _findings(document, "$", None, {}):
            checked += 1
            if problem:
                offenders.append({"document": name, "path": path, "problem": problem})
    if offenders:
        reason = f"{len(offenders)} of {checked} identifying fields hold no real value"
        return broken("no_placeholder", reason, offenders, fields=checked, documents=len(documents))
    return held(
        "no_placeholder",
        f"{checked} identifying fields of {len(documents)} documents hold real values",
        fields=checked,
        documents=len(documents),
    )


def _findings(value: Any, path: str, name: str | None, beside: Mapping[str, Any]) -> Iterator[tuple[str, str | None]]:
    """Each field the gate is about, with what is wrong with it or None; `name` is that of the nearest named field."""
    governed = name is not None and (_CHECKSUM.search(name) or _NAMED.search(name))
    if isinstance(value, dict):
        # The values below "sha256": {"a.json": …} are checksums too; those below "source": {…} have their own names.
        inherited = name if name is not None and _CHECKSUM.search(name) else None
        if governed and not value:
            yield path, "is empty"
        for key, item in value.items():
            own = _snake(str(key))
            known = _CHECKSUM.search(own) or _NAMED.search(own)
            yield from _findings(item, _step(path, str(key)), own if known else inherited, value)
    elif isinstance(value, list):
        if governed and not value:
            yield path, "is empty"
        for rank, item in enumerate(value):
            yield from _findings(item, f"{path}[{rank}]", name, beside)
    elif name is not None and governed:
        yield path, _problem(name, value, beside)


def _problem(name: str, value: Any, beside: Mapping[str, Any]) -> str | None:
    """What is wrong with the value of an identifying field; None if nothing is."""
    if value is None:
        return None if name in MAY_BE_NULL else "is null"
    checksum = _CHECKSUM.search(name)
    if isinstance(value, int | float):
        # A number under a plural name is a count ("checksums": 12).
        return "is a number, not a SHA-256" if checksum and not checksum["plural"] else None
    text = value.strip()
    if not text:
        return "is empty"
    if _GIVEN_BY_PEOPLE.search(name):
        return None
    if _WHOLE.fullmatch(text) or _TEMPLATE.search(text):
        return "is a placeholder"
    if checksum:
        return _made_up(name, text, beside)
    return "holds a placeholder word" if _WORD.search(text) else None


def _made_up(name: str, text: str, beside: Mapping[str, Any]) -> str | None:
    if not _HEX.fullmatch(text):
        return "is not a SHA-256 in 64 lower-case hex digits"
    if any(text == text[:period] * (64 // period) for period in (1, 2, 4, 8, 16, 32)):
        return "is made up: one pattern repeated"
    if len(set(text)) < _FEWEST_DIGITS:
        return "is made up: too few different digits"
    octets = bytes.fromhex(text)
    if len({(after - before) % 256 for before, after in pairwise(octets)}) == 1:
        return "is made up: counts up"
    # The state of a mash without runs is the hash of nothing, and true.
    if text == _OF_NOTHING and name != "mash_state" and 0 not in [beside.get(size) for size in _SIZES]:
        return "is the SHA-256 of nothing, for something that is not empty"
    return None


def _snake(key: str) -> str:
    """contentHash and content-hash as content_hash."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", key).replace("-", "_").lower()


def _step(path: str, key: str) -> str:
    return f"{path}.{key}" if _PLAIN_KEY.fullmatch(key) else f"{path}['{key}']"
