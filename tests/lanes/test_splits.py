"""Train and validation: a side for each conversation, the same one for all that repeats it, and for its next export."""

from __future__ import annotations

import msgspec
from distill.corpus import Corpus, conversation, human, model

from lanes.build import POLICY
from moonshine_assets.distill.policy import Policy
from moonshine_assets.exports.records import ParsedConversation
from moonshine_assets.lanes.reading import exchanges
from moonshine_assets.lanes.splits import splits


def kept_back(share: float) -> Policy:
    return msgspec.structs.replace(POLICY, split=msgspec.structs.replace(POLICY.split, validation_share=share))


def talk(name: str, first: str | None = None, answer: str | None = None) -> ParsedConversation:
    """A conversation whose texts are its own, but for those given."""
    own = " ".join(f"{name}w{rank}" for rank in range(25))
    return conversation(
        name, human("u1", None, first or f"Tell me about {name}"), model("a1", "u1", answer or f"Well: {own}.")
    )


def sides(*conversations: ParsedConversation, policy: Policy, run: str = "chatgpt_20260131_120000") -> dict[str, str]:
    corpus = Corpus()
    corpus.add(*conversations, run=run)
    mash = corpus.mash()
    return {key.conversation_id: side for key, side in splits(mash, exchanges(mash), policy).items()}


MANY = [talk(f"c{rank}") for rank in range(200)]


def test_about_the_share_of_the_policy_is_validation() -> None:
    found = [*sides(*MANY, policy=kept_back(0.2)).values()]
    assert 20 <= found.count("validation") <= 60
    assert set(sides(*MANY, policy=kept_back(0)).values()) == {"train"}


def test_a_later_export_is_on_the_same_side() -> None:
    policy = kept_back(0.2)
    assert sides(*MANY, policy=policy) == sides(*MANY, policy=policy, run="chatgpt_20260301_120000")


def test_conversations_that_begin_alike_or_share_a_long_answer_are_on_one_side() -> None:
    long = " ".join(f"shared{rank}" for rank in range(30))
    alike = [talk(f"twin{rank}", first="What is a gorge?") for rank in range(3)]
    alike += [talk("twin3", first="What is a gorge?", answer=long), talk("other", answer=long)]
    for share in (0.1, 0.3, 0.5):
        by_name = sides(*alike, *MANY, policy=kept_back(share))
        assert len({by_name[parsed.conversation_id] for parsed in alike}) == 1


def test_a_resumed_conversation_is_on_the_side_of_the_first() -> None:
    pairs = [(talk(f"first{rank}"), talk(f"resumed{rank}")) for rank in range(30)]
    for first, resumed in pairs:
        resumed.parent_conversation_id = first.conversation_id
    found = sides(*(one for pair in pairs for one in pair), *MANY, policy=kept_back(0.3))
    assert all(found[first.conversation_id] == found[resumed.conversation_id] for first, resumed in pairs)
    assert {found[first.conversation_id] for first, _ in pairs} == {"train", "validation"}


def test_a_group_larger_than_validation_shall_be_is_train() -> None:
    alike = [talk(f"same{rank}", first="hi") for rank in range(40)]
    for share in (0.05, 0.1):
        found = sides(*alike, *MANY, policy=kept_back(share))
        assert {found[parsed.conversation_id] for parsed in alike} == {"train"}


def test_short_texts_tie_nothing() -> None:
    talks = [talk(f"c{rank}", answer="Yes, of course.") for rank in range(60)]
    assert set(sides(*talks, policy=kept_back(0.3)).values()) == {"train", "validation"}
