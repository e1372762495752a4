"""What does a complaint tell the model? A retry that was told something new is no better answer to the first prompt."""

from __future__ import annotations

import re

from moonshine_assets.lanes.feedback import own_words

_WORD = re.compile(r"\w+")
#: How much of a complaint may be the prompt said again, by words.
_NEARLY_REPEATED = 0.6
_QUOTED_WORDS = 5
#: Words a complaint is made of; they say that something is amiss, not what would be right.
_COMPLAINING = """
    a about actually again all an and another answer any anymore are aren as asked at attempt be been before bit
    both broke broken but by came can cannot carefully check code come completely correct correctly could crash
    crashes crashing did didn do does doesn doing don done else entirely error errors even every example explain
    fail failed failing fails first fix for forgot from gave get gets getting give go got had has hasn have
    haven help hmm how i ignored in incorrect is isn it its just keep last like ll look make me mean meant
    missed mistake more my myself need no nonsense nope not nothing of off ok okay on once one or other out over
    please problem question re read really redo regenerate reply request respond response result retry revert
    right run same say says second should show so solution some something still such sure take tell than that
    the their them then there these they thing think this those to too totally tried try trying undo up us use
    useless ve very want was wasn way we well were what when where which why will with without won work working
    works would wrong yes yet you your yours
"""
_SAYS_NOTHING_NEW = frozenset(_COMPLAINING.split())


def new_words(complaint: str, *known: str) -> int:
    """How many different words of a complaint neither stand in the known texts nor are those complaints are made of.

    Anything quoted, pasted or numbered is new as well: one for each quote, code span or address.
    """
    told = set(_WORD.findall(" ".join(known).lower()))
    words = own_words(complaint)
    fresh = {
        word
        for word in _WORD.findall(words.lower())
        if word not in _SAYS_NOTHING_NEW and word not in told and (len(word) > 1 or word.isdigit())
    }
    pasted = len(complaint.replace("\u2019", "'").strip()) - len(words) > _QUOTED_WORDS
    return len(fresh) + int(pasted)


def repeats(complaint: str, prompt: str) -> bool:
    """Whether the complaint is the prompt said again: Jaccard index of their words 0.6 or more."""
    one, other = (set(_WORD.findall(text.lower())) for text in (complaint, prompt))
    return bool(one | other) and len(one & other) / len(one | other) >= _NEARLY_REPEATED


def quotes(answer: str, complaint: str) -> bool:
    """Whether an answer takes over five words in a row of a complaint, or says that it does as it was told."""
    if re.search(
        r"\bas\s+you\s+(?:\w+\s+)?(?:said|mentioned|pointed|noted|requested|suggested|asked)\b", answer, re.IGNORECASE
    ):
        return True
    said, words = _WORD.findall(complaint.lower()), _WORD.findall(answer.lower())
    grams = {tuple(said[start : start + _QUOTED_WORDS]) for start in range(len(said) - _QUOTED_WORDS + 1)}
    return any(tuple(words[start : start + _QUOTED_WORDS]) in grams for start in range(len(words) - _QUOTED_WORDS + 1))
