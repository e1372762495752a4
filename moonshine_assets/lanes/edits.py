"""Two wordings of one prompt: is the edit small enough that an answer to the one answers the other?"""

from __future__ import annotations

from difflib import SequenceMatcher

#: Longer prompts are compared by their equality alone: the time taken grows with the square of the length.
_MAXIMUM_CHARACTERS = 4_000


def same_prompt(one: str, other: str, minimum: float) -> bool:
    """Whether the similarity of two texts, white space and case aside, is `minimum` or more.

    It is 2 · matching characters / all characters (Ratcliff and Obershelp), 1 for equal texts.
    """
    first, second = (" ".join(text.lower().split()) for text in (one, other))
    if first == second:
        return True
    if not first or not second or max(len(first), len(second)) > _MAXIMUM_CHARACTERS:
        return False
    matcher = SequenceMatcher(None, first, second, autojunk=False)
    # Bounds that cost next to nothing come first.
    return matcher.real_quick_ratio() >= minimum and matcher.quick_ratio() >= minimum and matcher.ratio() >= minimum
