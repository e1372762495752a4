"""Conversations that together give every lane a row."""

from __future__ import annotations

from distill.corpus import Corpus, call, conversation, human, model, result

from moonshine_assets.exports.records import ParsedConversation

LEFT = (
    "Stones dissolve slowly in rivers since every river carries acids that eat away whatever rock lies in its long way."
)
KEPT = "Water wears the stone because sand rolls along the bed and grinds it year after year until the gorge is deep."


def everyday() -> list[ParsedConversation]:
    return [
        conversation(
            "gorge",
            human("u1", None, "How do gorges form? \u2028 größte"),
            model("left", "u1", LEFT),
            model("a1", "u1", KEPT),
            human("u2", "a1", "How long does it take?"),
            model("a2", "u2", "Some million years as a rule.", feedback="up"),
        ),
        conversation("sum", human("u1", None, "What is 17 * 23?"), model("a0", "u1", "390"), model("a1", "u1", "391")),
        conversation(
            "files",
            human("u1", None, "List the files"),
            call("c1", "u1", "bash", '{"command": "ls", "deep": {"a": [1, 2.5, true]}}'),
            result("t1", "c1", "bash", "a.txt", False),
            model("a1", "t1", "There is one file."),
        ),
        conversation("alone", human("u1", None, "Hello?")),
    ]


def everyday_corpus(*, backwards: bool = False) -> Corpus:
    return Corpus(*(reversed(everyday()) if backwards else everyday()))
