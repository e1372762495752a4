"""Distillation by rules: what is found, letter for letter, and what is passed over."""

from __future__ import annotations

import pytest

from moonshine_assets.sessions.distillation.extract import LIMITS, extract
from moonshine_assets.sessions.distillation.said import Call, Said
from moonshine_assets.sessions.distillation.sentences import sentences
from tests.sessions.distillation.archives import archived, shop


def found(text: str, speaker: str = "human") -> list[tuple[str, str]]:
    return [(one.kind, one.text) for one in extract([Said("m", speaker, 0, text)])]  # type: ignore[arg-type]


def test_a_session_gives_what_matters_in_it() -> None:
    candidates = extract(archived(shop()).messages)
    assert {(one.kind, one.text) for one in candidates} == {
        ("rule", "Never touch the table `orders_v1`."),
        ("number", "The payment service listens on port 8443."),
        ("decision", "We'll use PostgreSQL 16 for the ledger."),
        ("command", "pytest -q tests/payments --maxfail=1"),
        ("path", "/srv/shop/pay/ledger.py"),
        ("milestone", "All 5 tests pass."),
        ("open", "Next: move the refunds, which has to be done before the release."),
        ("error", "2 failed, 3 passed"),
    }


def test_every_text_stands_in_the_message_it_names() -> None:
    session = archived(shop())
    evidence = {message.message_id: message.evidence for message in session.messages}
    for candidate in extract(session.messages):
        assert any(candidate.text in evidence[one] for one in candidate.message_ids)


@pytest.mark.parametrize(
    ("text", "speaker", "kind"),
    [
        ("Always run the linter first.", "human", "rule"),
        ("Always run the linter first.", "model", None),
        ("Bitte nie direkt auf main pushen.", "human", "rule"),
        ("We decided to keep the old endpoint.", "model", "decision"),
        ("Should we go with Redis or not?", "human", None),
        ("The migration is done.", "model", "milestone"),
        ("Are all tests passing?", "human", None),
        ("The timeout for uploads is 90 s.", "model", "number"),
        ("Hello there, how are you.", "human", None),
        ("Still open: the invoice export.", "model", "open"),
    ],
)
def test_words_decide_the_kind(text: str, speaker: str, kind: str | None) -> None:
    assert [one[0] for one in found(text, speaker)] == ([] if kind is None else [kind])


def test_the_newest_of_a_kind_stay_and_a_repeat_counts_once() -> None:
    messages = [Said(f"m{n}", "human", n, f"Never do thing number {n}.") for n in range(100)]
    messages.append(Said("again", "human", 100, "Never do thing number 5."))
    texts = [one.text for one in extract(messages)]
    assert len(texts) == LIMITS["rule"]
    assert texts[:2] == ["Never do thing number 5.", "Never do thing number 99."]
    assert extract(messages)[0].message_ids == ("again",)


def test_looking_around_is_no_work_and_a_refusal_no_error() -> None:
    calls = (
        Call("Bash", {"command": "cat notes.txt"}, False, ""),
        Call("Bash", {"command": "cat notes.txt && make deploy"}, False, ""),
        Call("shell", {"command": ["bash", "-lc", "make check"]}, None, ""),
        Call("Bash", {"command": "rm -rf build"}, True, "The user doesn't want to proceed with this tool use."),
        Call("Read", {"file_path": "/srv/a.py"}, False, ""),
    )
    kinds = [(one.kind, one.text) for one in extract([Said("m", "model", None, "", calls)])]
    assert kinds == [("command", "make check"), ("command", "cat notes.txt && make deploy")]


def test_code_tables_and_quotations_are_no_sentences() -> None:
    text = (
        "# Plan\n\n- Use v2.1, e.g. The new one. Then stop.\n```\nNever. Run. This.\n```\n> Always quote.\n| a | b |\n"
    )
    assert list(sentences(text)) == ["Plan", "Use v2.1, e.g. The new one.", "Then stop."]
