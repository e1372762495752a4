"""Each rule finds what it is for, and stays silent on what only looks like it."""

from __future__ import annotations

import json

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from distill.redaction.secrets import AWS, GITHUB, PLANTED
from moonshine_assets.distill.policy import load
from moonshine_assets.distill.redaction.identity import Identity, identities
from moonshine_assets.distill.redaction.replace import marked
from moonshine_assets.distill.redaction.rules import Rules

RULES = Rules(load().redaction)


def found(text: str, rules: Rules = RULES) -> set[str]:
    """Names of the rules that replace something in the text, found the way the corpus is searched."""
    matching = rules.may_hold(pl.Series([text])).get(0, [])
    return {value.rule for value in marked(text, matching).replaced}


def test_every_rule_of_the_policy_is_tried_here() -> None:
    assert set(PLANTED) == {rule.name for rule in RULES.rules}


@pytest.mark.parametrize("name", PLANTED)
@pytest.mark.parametrize("around", ["{}", "first line\n{}\nlast line", '"{}"', "({})", "`{}`,"])
def test_a_planted_value_is_taken_out(name: str, around: str) -> None:
    text, value = PLANTED[name]
    text = around.format(text)
    assert name in found(text)
    assert value not in marked(text, RULES.rules).text


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_value_is_taken_out_of_a_string_in_json_in_json(name: str) -> None:
    text, value = PLANTED[name]
    outer = json.dumps({"command": f"cd x\n{text}", "inner": json.dumps({"deep": [f"a\n{text}"]})}, indent=1)
    assert name in found(outer)
    kept = json.loads(marked(outer, RULES.rules).text)
    assert value not in kept["command"] and value not in json.loads(kept["inner"])["deep"][0]


@pytest.mark.parametrize(
    "text",
    [
        "version 1.2.3.4 of it, v10.20.30.40, Chrome/120.0.6099.109 and ==4.5.6.7",
        "localhost 127.0.0.1, 10.0.0.5 and 192.168.1.20 are nobody's",
        "git@github.com:acme/x.git and user@example.com",
        "icon@2x.png, pkg@1.2.3, @decorator.method, a @ b.c",
        "4111 1111 1111 1112 fails the check digit; 1700000000000000 is a time",
        "DE89 3704 0044 0532 0130 01 has a wrong remainder; AB12 CDEF GHIJ",
        "2024-01-31 12:34:56, 12:34:56:78, 00:1B:44:11:3A:B7",
        "/home/user/x, /home/runner/work, https://acme.io/home/about, C:\\Users\\Public",
        "sk-learn is a library, sk-YOUR-API-KEY-GOES-RIGHT-HERE, risk-assessment-for-projects-2024",
        "postgres://user:$PASSWORD@host/x, https://acme.io:8080/@name, http://user:password@host",
        "Authorization: Bearer YOUR_TOKEN_GOES_HERE",
        "0123456789abcdef0123456789abcdef01234567 and 550e8400-e29b-41d4-a716-446655440000",
        "@@ -12345,7 +12345,8 @@ and x+123456789 and 3.14159265358979",
        "<EMAIL_1> wrote to <PHONE_12> from /home/<USER_3>/x",
    ],
)
def test_what_only_looks_like_it_stays(text: str) -> None:
    assert found(text) == set()


def test_json_stays_json_and_a_number_becomes_a_string() -> None:
    text = '{"n": 4111111111111111, "q": "say \\"' + AWS + '\\" \\ud83d", "ok": 1.5}'
    changed = marked(text, RULES.rules)
    value = json.loads(changed.text)
    assert [one.rule for one in changed.replaced] == ["payment_card", "aws_access_key"]
    assert value["ok"] == 1.5 and "CARD" in value["n"] and value["q"].startswith('say "')


def test_escapes_of_json_hide_nothing() -> None:
    text = '{"mail": "jane.roe\\u0040acme.io", "path": "\\/home\\/jroe\\/x"}'
    assert found(text) == {"email", "home_directory"}


def test_an_escaped_line_end_in_plain_text_hides_nothing() -> None:
    assert found(f'log: {{"message":"failed\\n{GITHUB}') == {"github_token"}


@given(st.lists(st.sampled_from([*(text for text, _ in PLANTED.values()), " ", "\n", '"', "{", "}", "\\n", ","])))
def test_what_is_left_holds_nothing_more(pieces: list[str]) -> None:
    changed = marked("".join(pieces), RULES.rules)
    assert marked(changed.text, RULES.rules).replaced == []
    for text in ([], changed.text):
        assert not text or found(text) == set()


def test_the_owner_of_an_export_is_found_by_name_address_and_number() -> None:
    owner = identities(
        {
            "users.json": b'[{"full_name": "Jane Q. Roe", "email_address": "JR@acme.io", "phone": "+4930123456"}]',
            "conversations.json": b'[{"name": "Chess Openings"}]',
            "user.json": b"{",
        }
    )
    assert owner == {
        Identity("name", "Jane Q. Roe"),
        Identity("address", "jr@acme.io"),
        Identity("number", "+4930123456"),
    }
    rules = Rules(load().redaction, sorted(owner))
    assert rules.version != RULES.version
    assert found("I am jane  q. ROE, (030) or 4930 123-456.", rules) == {"account_name", "account_number"}
    assert found("Chess Openings by Jane Q. Roebuck", rules) == set()
