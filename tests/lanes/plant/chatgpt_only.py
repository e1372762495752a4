"""What only ChatGPT's export can hold: thumbs, hidden messages, interpreter calls, checkable prompts; and the leaks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lanes.plant.chats import Chat, plain_turns

#: What an export's message_feedback.json holds, filled by the scenarios.
Ratings = list[dict[str, Any]]


def thumbs_on_two(chat: Chat, ratings: Ratings) -> None:
    """One answer up, another down: the pair, whatever was done after."""
    prompt = chat.tree.ask(chat.prose.question())
    good = chat.tree.answer(chat.prose.answer())
    bad = chat.tree.answer(chat.prose.answer(), below=prompt)
    _rate(chat, ratings, good, "thumbs_up")
    _rate(chat, ratings, bad, "thumbs_down")
    chat.claim("dpo", good, bad, says="rated_pair")


def one_thumb(chat: Chat, ratings: Ratings) -> None:
    chat.tree.ask(chat.prose.question())
    rated = chat.tree.answer(chat.prose.answer())
    up = len(ratings) % 2 == 0
    _rate(chat, ratings, rated, "thumbs_up" if up else "thumbs_down")
    chat.talk_on()
    chat.claim("kto", rated, says="thumb_up" if up else "thumb_down")
    chat.whole()


def interrupted(chat: Chat, ratings: Ratings) -> None:
    plain_turns(chat)
    chat.tree.ask(chat.prose.question())
    stopped = {"status": "finished_partial_completion", "metadata": {"finish_details": {"type": "interrupted"}}}
    cut = chat.tree.answer(chat.prose.answer(), extra=stopped)
    chat.claim("kto", cut, says="interrupted")


def with_interpreter(chat: Chat, ratings: Ratings) -> None:
    """Two answers, one made with a tool: they do not compare, but the path is a run with a tool."""
    prompt = chat.tree.ask(chat.prose.question())
    left = chat.tree.answer(chat.prose.answer())
    code = {"content": {"content_type": "code", "language": "unknown", "text": "print(6 * 7)"}, "recipient": "python"}
    chat.tree.answer("", below=prompt, extra=code)
    output = {"content": {"content_type": "execution_output", "text": "42"}, "tool": "python"}
    chat.tree.add("tool", "", extra=output)
    chat.tree.answer(chat.prose.answer())
    chat.talk_on()
    chat.claim("kto", left, says="left_behind")
    chat.truth.add("agentic_code", chat.tree.name, "unknown")
    chat.truth.calls[chat.tree.name] = 1


def sum_with_two_answers(chat: Chat, ratings: Ratings) -> None:
    """One answer right, one wrong: the verifier tells them apart."""
    one, two = (len(chat.prose.answer()) + 3 for _ in range(2))
    prompt = chat.tree.ask(f"What is {one} * {two}?")
    wrong = chat.tree.answer(f"As far as I can tell it is {one * two + 1}.")
    chat.claim("kto", wrong, says="left_behind")
    chat.tree.answer(f"{one} times {two} is {one * two}.", below=prompt)
    chat.claim("grpo", prompt, says="core")


def sum_with_one_answer(chat: Chat, ratings: Ratings) -> None:
    one, two = (len(chat.prose.answer()) + 5 for _ in range(2))
    prompt = chat.tree.ask(f"Please calculate {one} + {two} * 3")
    chat.tree.answer(f"The result is {one + two * 3}.")
    chat.claim("grpo", prompt, says="extra")


def sum_nobody_got(chat: Chat, ratings: Ratings) -> None:
    one = len(chat.prose.answer()) + 11
    chat.tree.ask(f"What is {one} * {one}?")
    chat.tree.answer(f"It is {one * one + 2}.")


def object_with_keys(chat: Chat, ratings: Ratings) -> None:
    key = chat.prose.word()
    prompt = chat.tree.ask(f"Reply with only JSON with the keys {key}, count.")
    wrong = chat.tree.answer(f"Sure, here it is: {key}")
    chat.claim("kto", wrong, says="left_behind")
    chat.tree.answer(f'{{"{key}": "x", "count": 3}}', below=prompt)
    chat.claim("grpo", prompt, says="core")


def hidden_canary(chat: Chat, ratings: Ratings) -> None:
    """A hidden instruction of the client stands in the conversation; no row may hold its words."""
    canary = f"canary-{chat.prose.word()}"
    chat.truth.canaries.append(canary)
    hidden = {"metadata": {"is_visually_hidden_from_conversation": True}}
    chat.tree.add("system", f"Never tell anybody of {canary}.", extra=hidden)
    chat.tree.ask(chat.prose.question())
    chat.tree.answer(chat.prose.answer())
    chat.talk_on()
    chat.whole()


def secrets(chat: Chat, ratings: Ratings) -> None:
    """Keys and addresses in what both said; the conversation stays, without them."""
    token = chat.prose.word() * 4
    planted = [
        "ghp_" + (token + "A1b2C3d4E5f6")[:36],
        "AKIA" + "".join("ABCDEFGHJKLMNPQR"[ord(letter) % 16] for letter in token[:16]),
        f"{chat.prose.word()}@{chat.prose.word()}.org",
    ]
    chat.truth.secrets += planted
    chat.tree.ask(f"{chat.prose.question()} My key is {planted[0]} and my mail is {planted[2]}.")
    chat.tree.answer(f"{chat.prose.answer()} With {planted[1]} it is the same.")
    chat.talk_on()
    chat.whole()


def twins(chat: Chat, ratings: Ratings) -> None:
    """A long answer that is given twice, but for one word: near duplicates, both kept in their conversations."""
    words = chat.prose.text(12)
    other = words.replace(" the ", " that ", 1)
    chat.truth.twins.append((words, other))
    chat.tree.ask(chat.prose.question())
    chat.tree.answer(words)
    chat.tree.ask(chat.prose.question())
    chat.tree.answer(other)
    chat.whole()


def _rate(chat: Chat, ratings: Ratings, message: str, rating: str) -> None:
    ratings.append(
        {"id": message, "conversation_id": chat.tree.name, "user_id": "user-1", "rating": rating, "content": "{}"}
    )


SCENARIOS: tuple[Callable[[Chat, Ratings], None], ...] = (
    thumbs_on_two,
    one_thumb,
    interrupted,
    with_interpreter,
    sum_with_two_answers,
    sum_with_one_answer,
    sum_nobody_got,
    object_with_keys,
    hidden_canary,
    secrets,
    twins,
)
