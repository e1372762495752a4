"""Chats with planted truth. Each takes a tree and what belongs into it, and says what the lanes must make of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from lanes.plant.trees import Tree
from lanes.plant.truth import Truth
from lanes.plant.words import Prose


class Phrases(NamedTuple):
    """How a person complains, approves and goes on in a language; `nothing_new` complaints say no more than that."""

    complaints: tuple[str, ...]
    nothing_new: tuple[str, ...]
    praise: tuple[str, ...]
    goes_on: tuple[str, ...]


PHRASES = {
    "en": Phrases(
        ("No, that's wrong.", "That's not right at all.", "You missed the point.", "This is wrong.", "It still fails."),
        ("No, that's wrong. Try again.", "That is not correct, please try once more.", "It still doesn't work."),
        ("Perfect, thank you!", "Great, that works.", "Thanks, exactly."),
        ("Now one more thing.", "Ok, next question.", "Also, something else."),
    ),
    "de": Phrases(
        (
            "Nein, das ist falsch.",
            "Das stimmt nicht.",
            "Falsch, so war das nicht gemeint.",
            "Das funktioniert immer noch nicht.",
        ),
        (),
        ("Danke, perfekt!", "Super, vielen Dank.", "Genau, danke."),
        (),
    ),
    "zh": Phrases(
        ("不对。", "错了，请重新回答。", "你理解错了。", "还是不行。"), (), ("谢谢，很好。", "太好了，谢谢。"), ()
    ),
}


class Chat(NamedTuple):
    """A tree to fill: its claims are noted under the provider's own ids."""

    tree: Tree
    prose: Prose
    truth: Truth
    language: str
    node: Callable[[str], str]

    @property
    def phrases(self) -> Phrases:
        return PHRASES[self.language]

    def claim(self, lane: str, *nodes: str, says: str) -> None:
        self.truth.add(lane, self.tree.name, *map(self.node, nodes), says)

    def whole(self) -> None:
        """The conversation is a row of its own."""
        self.truth.add("conversational", self.tree.name)

    def talk_on(self) -> None:
        """Two more turns, so that the conversation is long enough, and says nothing of the answer before."""
        self.tree.ask(self.prose.question())
        self.tree.answer(self.prose.answer())


def plain(chat: Chat) -> None:
    chat.tree.ask(chat.prose.question())
    chat.tree.answer(chat.prose.answer())
    chat.talk_on()
    chat.whole()


def regenerated(chat: Chat) -> None:
    """The second answer is the one the person went on from."""
    prompt = chat.tree.ask(chat.prose.question())
    left = chat.tree.answer(chat.prose.answer())
    chosen = chat.tree.answer(chat.prose.answer(), below=prompt)
    chat.talk_on()
    chat.claim("dpo", chosen, left, says="regen_continued")
    chat.whole()


def came_back(chat: Chat) -> None:
    """The person went back to the first answer: the last one made is not the better one."""
    prompt = chat.tree.ask(chat.prose.question())
    chosen = chat.tree.answer(chat.prose.answer())
    left = chat.tree.answer(chat.prose.answer(), below=prompt)
    chat.tree.show(chosen)
    chat.talk_on()
    chat.claim("dpo", chosen, left, says="regen_continued")
    chat.whole()


def nobody_went_on(chat: Chat) -> None:
    """A regenerated answer at the end: shown, but nobody said a word about it."""
    plain_turns(chat)
    prompt = chat.tree.ask(chat.prose.question())
    left = chat.tree.answer(chat.prose.answer())
    chat.tree.answer(chat.prose.answer(), below=prompt)
    chat.claim("kto", left, says="left_behind")
    chat.whole()


def regenerated_and_bad(chat: Chat) -> None:
    """The answer the person went on from was rejected in words: no pair, two bad answers."""
    prompt = chat.tree.ask(chat.prose.question())
    left = chat.tree.answer(chat.prose.answer())
    shown = chat.tree.answer(chat.prose.answer(), below=prompt)
    chat.tree.ask(chat.prose.choose(*chat.phrases.complaints))
    chat.tree.answer(chat.prose.answer())
    chat.talk_on()
    chat.claim("kto", shown, says="complaint")
    chat.claim("kto", left, says="left_behind")
    chat.whole()


def both_continued(chat: Chat) -> None:
    prompt = chat.tree.ask(chat.prose.question())
    chat.tree.answer(chat.prose.answer())
    chat.talk_on()
    chat.tree.answer(chat.prose.answer(), below=prompt)
    chat.talk_on()
    chat.whole()


def nearly_the_same(chat: Chat) -> None:
    """Two answers that differ in a word: nothing to learn from."""
    prompt = chat.tree.ask(chat.prose.question())
    words = chat.prose.text(6)
    left = chat.tree.answer(words)
    chat.tree.answer(words + " " + chat.prose.word(), below=prompt)
    chat.talk_on()
    chat.claim("kto", left, says="left_behind")
    chat.whole()


def praised(chat: Chat) -> None:
    chat.tree.ask(chat.prose.question())
    good = chat.tree.answer(chat.prose.answer())
    chat.tree.ask(chat.prose.choose(*chat.phrases.praise))
    chat.tree.answer(chat.prose.answer())
    chat.claim("kto", good, says="praise")
    chat.whole()


def complained(chat: Chat) -> None:
    """A complaint, and no word of the second answer: a bad answer, no pair."""
    chat.tree.ask(chat.prose.question())
    bad = chat.tree.answer(chat.prose.answer())
    chat.tree.ask(chat.prose.choose(*chat.phrases.complaints))
    chat.tree.answer(chat.prose.answer())
    chat.talk_on()
    chat.claim("kto", bad, says="complaint")
    chat.whole()


def ends_in_anger(chat: Chat) -> None:
    """The last thing the person says is a complaint: nothing to imitate."""
    plain_turns(chat)
    chat.tree.ask(chat.prose.question())
    bad = chat.tree.answer(chat.prose.answer())
    chat.tree.ask(chat.prose.choose(*chat.phrases.complaints))
    chat.tree.answer(chat.prose.answer())
    chat.claim("kto", bad, says="complaint")


def retried(chat: Chat) -> None:
    """Rejected without a word of what would be right, tried again, approved: a pair on the first prompt."""
    chat.tree.ask(chat.prose.question())
    bad = chat.tree.answer(chat.prose.answer())
    chat.tree.ask(chat.prose.choose(*chat.phrases.nothing_new))
    good = chat.tree.answer(chat.prose.answer())
    chat.tree.ask(chat.prose.choose(*chat.phrases.praise, *chat.phrases.goes_on))
    chat.tree.answer(chat.prose.answer())
    chat.claim("dpo", good, bad, says="retry_accepted")
    chat.whole()


def retried_with_apology(chat: Chat) -> None:
    chat.tree.ask(chat.prose.question())
    bad = chat.tree.answer(chat.prose.answer())
    chat.tree.ask(chat.prose.choose(*chat.phrases.nothing_new))
    good = chat.tree.answer("You're right, I apologize for the mistake. " + chat.prose.answer())
    chat.tree.ask(chat.prose.choose(*chat.phrases.praise))
    chat.tree.answer(chat.prose.answer())
    chat.claim("dpo", good, bad, says="retry_accepted")
    chat.whole()


def corrected(chat: Chat) -> None:
    """The correction says what is right: the better answer knows more than the prompt, so there is no pair."""
    chat.tree.ask(chat.prose.question())
    bad = chat.tree.answer(chat.prose.answer())
    chat.tree.ask(f"{chat.phrases.complaints[0]} {chat.prose.sentence()}")
    good = chat.tree.answer(chat.prose.answer())
    chat.tree.ask(chat.prose.choose(*chat.phrases.praise))
    chat.tree.answer(chat.prose.answer())
    chat.claim("kto", bad, says="complaint")
    chat.claim("kto", good, says="praise")
    chat.whole()


def rejected_twice(chat: Chat) -> None:
    chat.tree.ask(chat.prose.question())
    for _ in range(2):
        bad = chat.tree.answer(chat.prose.answer())
        chat.claim("kto", bad, says="complaint")
        chat.tree.ask(chat.prose.choose(*chat.phrases.nothing_new or chat.phrases.complaints))
    chat.tree.answer(chat.prose.answer())
    chat.talk_on()
    chat.whole()


def no_is_an_answer(chat: Chat) -> None:
    """The answer ended in a question, and "no" answers it; of two answers it is still the one gone on from."""
    prompt = chat.tree.ask(chat.prose.question())
    left = chat.tree.answer(chat.prose.answer())
    chosen = chat.tree.answer(f"{chat.prose.answer()} Shall I say more about it?", below=prompt)
    chat.tree.ask(f"No. {chat.prose.question()}")
    chat.tree.answer(chat.prose.answer())
    chat.claim("dpo", chosen, left, says="regen_continued")
    chat.whole()


def topic_words(chat: Chat) -> None:
    """The follow-up speaks of reverting and of errors without meaning the answer."""
    prompt = chat.tree.ask(chat.prose.question())
    left = chat.tree.answer(chat.prose.answer())
    chosen = chat.tree.answer(chat.prose.answer(), below=prompt)
    chat.tree.ask(
        chat.prose.choose(
            f"How would one revert a decision like it? {chat.prose.question()}",
            f'What does the sign "same error" mean there? {chat.prose.question()}',
            f"What should be done instead of waiting? {chat.prose.question()}",
        )
    )
    chat.tree.answer(chat.prose.answer())
    chat.claim("dpo", chosen, left, says="regen_continued")
    chat.whole()


def two_languages(chat: Chat) -> None:
    """The answer left behind is in another language: the person minded that, which is no preference."""
    prompt = chat.tree.ask(chat.prose.question())
    left = chat.tree.answer(Prose(len(chat.tree.name), "de").text(5))
    chat.tree.answer(chat.prose.answer(), below=prompt)
    chat.talk_on()
    chat.claim("kto", left, says="left_behind")
    chat.whole()


def typo_mended(chat: Chat) -> None:
    """The prompt was edited by a letter: still one prompt, for weaker evidence."""
    words = chat.prose.question()
    chat.tree.ask(words[:-2] + words[-1])
    left = chat.tree.answer(chat.prose.answer())
    chat.tree.ask(words, below=None)
    chosen = chat.tree.answer(chat.prose.answer())
    chat.talk_on()
    chat.claim("dpo", chosen, left, says="edited_continued")
    chat.whole()


def prompt_rewritten(chat: Chat) -> None:
    """Another prompt in its place: two answers to two questions."""
    chat.tree.ask(chat.prose.question())
    chat.tree.answer(chat.prose.answer())
    chat.tree.ask(chat.prose.question(), below=None)
    chat.tree.answer(chat.prose.answer())
    chat.talk_on()
    chat.whole()


def plain_turns(chat: Chat) -> None:
    chat.tree.ask(chat.prose.question())
    chat.tree.answer(chat.prose.answer())


#: For every language.
EVERYWHERE = (
    plain,
    regenerated,
    came_back,
    nobody_went_on,
    regenerated_and_bad,
    both_continued,
    nearly_the_same,
    praised,
    complained,
    ends_in_anger,
    prompt_rewritten,
    typo_mended,
)
#: Where the rules of the policy know more of the language.
ENGLISH = (
    retried,
    retried_with_apology,
    corrected,
    rejected_twice,
    no_is_an_answer,
    topic_words,
    two_languages,
)
