"""Coverage, overlap and conflict of labelling functions, counted on conversations whose reactions are known."""

from __future__ import annotations

from distill.corpus import Corpus, conversation, human, model

from lanes.build import POLICY
from moonshine_assets.lanes.audit.functions import functions
from moonshine_assets.lanes.reading import exchanges, read


def test_functions_are_counted_on_answers_that_somebody_reacted_to() -> None:
    mash = Corpus(
        conversation(
            "one",
            human("u1", None, "Why do gorges form?"),
            model("a1", "u1", "Wind."),
            human("u2", "a1", "No, that is wrong."),
            model("a2", "u2", "Water."),
            human("u3", "a2", "Thanks, and how long does it take?"),
            model("a3", "u3", "A million years."),
        )
    ).mash()
    found = {one.name: one for one in functions(read(mash, exchanges(mash)), POLICY)}
    assert {one.answers for one in found.values()} == {2}
    both = {name for name, one in found.items() if one.fires and one.polarity < 0}
    assert both == {"NEG_NO", "NEG_WRONG2"}
    assert {(found[name].fires, found[name].overlaps, found[name].conflicts) for name in both} == {(1, 1, 0)}
    assert (found["THUMB_UP"].fires, found["NEG_REVERT2"].fires) == (0, 0)
