"""What a pattern cannot say: whether a find is a real card number, bank account, address and so on."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable

#: (whole text, start, end of the value): is it what the rule is looking for?
Check = Callable[[str, int, int], bool]

_BEFORE = 24
_VERSION = re.compile(r"(?:version|ver\.?|release|build|[=~^<>@]|oid)[\s:\"'(]*\Z", re.IGNORECASE)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}|\d{2}[.-]\d{2}[.-]\d{4}")
#: Endings of file names that look like a domain: `icon@2x.png`.
_FILE_ENDINGS = frozenset(
    {"png", "jpg", "jpeg", "gif", "svg", "webp", "ico", "css", "js", "ts", "jsx", "tsx", "mjs", "py", "pyc", "rb", "rs"}
    | {
        "go",
        "java",
        "json",
        "yaml",
        "yml",
        "toml",
        "lock",
        "md",
        "txt",
        "html",
        "htm",
        "xml",
        "sh",
        "sql",
        "csv",
        "log",
    }
    | {
        "conf",
        "cfg",
        "ini",
        "zip",
        "tar",
        "gz",
        "whl",
        "exe",
        "dll",
        "so",
        "map",
        "service",
        "target",
        "socket",
        "timer",
    }
)
#: RFC 2606 and its neighbours: names that belong to nobody.
_NOBODYS_ENDINGS = frozenset({"local", "localhost", "internal", "invalid", "test", "example"})
_NOBODYS_DOMAINS = frozenset({"example.com", "example.org", "example.net", "domain.com", "users.noreply.github.com"})
#: As it is printed: in one piece, in fours, or 4-6-5.
_CARD_GROUPS = re.compile(r"\d+|\d{4}([ -])\d{4}\1\d{4}\1\d{1,7}|\d{4}([ -])\d{6}\2\d{5}")
#: Length of an IBAN by country (ISO 13616), for the countries most accounts are in; others: 15 to 34.
_IBAN_LENGTHS = {
    **dict.fromkeys(("NO",), 15),
    **dict.fromkeys(("BE",), 16),
    **dict.fromkeys(("DK", "FI", "NL"), 18),
    **dict.fromkeys(("AT", "EE", "LT", "LU"), 20),
    **dict.fromkeys(("CH", "HR", "LV", "LI"), 21),
    **dict.fromkeys(("DE", "GB", "IE", "BG"), 22),
    **dict.fromkeys(("CZ", "ES", "SE", "SK", "RO", "PT"), 24),
    **dict.fromkeys(("FR", "GR", "IT"), 27),
    **dict.fromkeys(("PL", "HU", "CY"), 28),
}


def mixed(text: str, start: int, end: int) -> bool:
    """Letters and digits: a word of letters alone, such as YOUR-API-KEY-HERE, is no key."""
    value = text[start:end]
    return any(c.isdigit() for c in value) and any(c.isalpha() for c in value) and len(set(value)) >= 8


def mixed_case(text: str, start: int, end: int) -> bool:
    """Capitals and small letters, as random tokens have them and identifiers do not."""
    value = text[start:end].partition("_")[2]
    return any(c.isupper() for c in value) and any(c.islower() for c in value)


def no_variable(text: str, start: int, end: int) -> bool:
    """Not `$PASSWORD`, `{password}`, `****` or the word itself."""
    value = text[start:end]
    plain = value.lower() not in {"password", "passwd", "pass", "secret", "xxxx", "token", "pwd", "x-oauth-basic"}
    return plain and value[0] not in "${%*[" and len(set(value)) > 1


def email(text: str, start: int, end: int) -> bool:
    """Not a file name with an @, not an address of a domain that is reserved for examples."""
    domain = text[start:end].rpartition("@")[2].lower()
    return domain not in _NOBODYS_DOMAINS and domain.rpartition(".")[2] not in _FILE_ENDINGS | _NOBODYS_ENDINGS


def phone(text: str, start: int, end: int) -> bool:
    """8 to 15 digits (E.164), not a date; 555-01xx is reserved for examples."""
    value = text[start:end]
    digits = re.sub(r"\D", "", value)
    if not 8 <= len(digits) <= 15 or _DATE.search(value) or len(set(digits)) < 3:
        return False
    after = text[end : end + 2]
    return not (after[:1] in "-.:" and after[1:2].isdigit())


def card(text: str, start: int, end: int) -> bool:
    """13 to 19 digits of a known scheme with a valid check digit (Luhn, ISO/IEC 7812-1)."""
    value = text[start:end]
    digits = re.sub(r"\D", "", value)
    grouped = len(digits) == len(value) or re.fullmatch(
        r"\d{4}([ -])\d{4}\1\d{4}\1\d{1,7}|\d{4}([ -])\d{6}\2\d{5}", value
    )
    if not grouped or not 13 <= len(digits) <= 19 or len(set(digits)) < 2:
        return False
    known = digits[0] == "4" or digits[:2] in {"34", "37", "35", "51", "52", "53", "54", "55", "62", "65"}
    if not (known or digits[:4] == "6011" or 2221 <= int(digits[:4]) <= 2720):
        return False
    doubled = [int(digit) * 2 for digit in digits[-2::-2]]
    return (sum(map(int, digits[-1::-2])) + sum(value - 9 * (value > 9) for value in doubled)) % 10 == 0


def iban(text: str, start: int, end: int) -> bool:
    """The remainder by 97 is 1 (ISO 13616), and the country's length where it is known."""
    value = text[start:end].replace(" ", "")
    expected = _IBAN_LENGTHS.get(value[:2])
    if not (15 <= len(value) <= 34) or (expected is not None and len(value) != expected):
        return False
    return int("".join(str(int(character, 36)) for character in value[4:] + value[:4])) % 97 == 1


def social_security_number(text: str, start: int, end: int) -> bool:
    """No part is zero and the first is not 666 (US SSA); not one of the numbers used in print."""
    area, group, serial = text[start:end].split("-")
    return area not in {"000", "666", "123"} and group != "00" and serial != "0000"


def ip_address(text: str, start: int, end: int) -> bool:
    """An address of the public internet, not a version number."""
    value = text[start:end]
    try:
        address = ipaddress.ip_address(value)
    except ValueError:
        return False
    if not address.is_global or value in {"8.8.8.8", "8.8.4.4", "1.1.1.1", "1.0.0.1", "9.9.9.9"}:
        return False
    if address.version == 6:
        return True
    if value.endswith(".0.0") or _VERSION.search(text[max(0, start - _BEFORE) : start]):
        return False
    return text[end : end + 1] not in {".", "-", "_"} or not text[end + 1 : end + 2].isalnum()


CHECKS: dict[str, Check] = {
    "mixed": mixed,
    "mixed_case": mixed_case,
    "no_variable": no_variable,
    "email": email,
    "phone": phone,
    "card": card,
    "iban": iban,
    "social_security_number": social_security_number,
    "ip_address": ip_address,
}
