"""A conversation as the lanes read it: turns with their parts, and who follows whom."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from moonshine_assets.distill.policy import Answers
from moonshine_assets.providers.rows import BLOCK_SEPARATOR

#: White space as exchanges.sql sees it.
BLANK = " \t\n\r"
#: Parts of a turn that add nothing to what was said, or (thinking) are no part of the answer.
_ASIDE = frozenset({"text", "thinking", "citation"})
_CALLS = frozenset({"tool_call", "artifact"})


class ConversationKey(NamedTuple):
    """What identifies a conversation in the mash."""

    provider: str
    provider_run_id: str
    conversation_id: str


@dataclass(slots=True)
class Part:
    """One block.

    `tokens` are those of its text (o200k_base). `shows_more`: a result with content that is not text. `on_the_way`:
    prose of a channel other than the final answer's.
    """

    kind: str
    text: str | None = None
    tokens: int = 0
    tool_name: str | None = None
    tool_call_id: str | None = None
    arguments: str | None = None
    is_error: bool | None = None
    has_payload: bool = False
    shows_more: bool = False
    on_the_way: bool = False

    @property
    def worded(self) -> bool:
        """Whether it is prose that is more than white space."""
        return self.kind == "text" and bool(self.text and self.text.strip(BLANK))

    @property
    def is_call(self) -> bool:
        return self.kind in _CALLS


@dataclass(slots=True)
class Turn:
    """One message; `files` is the number of its attachments.

    `rating` is up, down or None; `choices` are the preferences stated of it: (value, id of the other answer or None).
    `lang` is its language where it is known; `machine` what kind of text it is where a client wrote it in a person's
    name (interrupted, slash_command, …).
    """

    message_id: str
    parent_id: str | None
    record_uid: str
    on_active_path: bool
    role: str
    author_kind: str
    author_name: str | None
    visible: bool
    model: str | None
    created_at: datetime | None
    status: str | None
    stop_reason: str | None
    files: int
    parts: list[Part] = field(default_factory=list)
    rating: str | None = None
    choices: Sequence[Sequence[str | None]] = ()
    lang: str | None = None
    machine: str | None = None

    @property
    def is_human(self) -> bool:
        """Whether a person wrote it; what a client writes in a person's name is not (LANES-FACTS 0.6)."""
        return self.visible and self.role == "user" and self.author_kind == "human" and self.machine is None

    @property
    def is_model(self) -> bool:
        return self.visible and self.role == "assistant" and self.author_kind == "model"

    @property
    def prose(self) -> str:
        """Its prose parts, joined by a blank line; thinking and payloads are left out."""
        return BLOCK_SEPARATOR.join(part.text or "" for part in self.parts if part.worded)

    @property
    def prose_tokens(self) -> int:
        return sum(part.tokens for part in self.parts if part.worded)

    @property
    def answers(self) -> bool:
        """Whether it is a model's message with prose."""
        return self.is_model and any(part.worded for part in self.parts)

    @property
    def is_on_the_way(self) -> bool:
        """Whether any of its prose is commentary, said before the answer."""
        return any(part.on_the_way for part in self.parts)

    @property
    def uses_tools(self) -> bool:
        return self.role == "tool" or any(part.is_call or part.kind == "tool_result" for part in self.parts)

    @property
    def is_plain(self) -> bool:
        """Whether its prose is all it showed: no file, picture, sound, code cell, error or unknown part.

        A model's unknown part without text (a duration label, a widget) does not count against it.
        """
        return not self.files and all(
            part.kind in _ASIDE or (self.is_model and part.kind == "raw" and not part.text) for part in self.parts
        )

    def is_complete(self, rules: Answers) -> bool:
        """Whether the export says, or at least does not deny, that the message came to its end."""
        return (self.status is None or self.status in rules.complete_statuses) and (
            self.stop_reason is None or self.stop_reason in rules.complete_stop_reasons
        )


@dataclass(slots=True)
class Conversation:
    """A conversation with all its branches; `turns` are in the mash's order (parents before children).

    `by_id` and `rank` (place in `turns`) go by message_id.
    """

    key: ConversationKey
    record_uid: str
    source_sha256: str
    source_type: str
    turns: list[Turn]
    lang: str = "und"
    quality: float = 0.0
    by_id: dict[str, Turn] = field(init=False)
    rank: dict[str, int] = field(init=False)
    _children: dict[str | None, list[Turn]] = field(init=False)

    def __post_init__(self) -> None:
        self.by_id = {turn.message_id: turn for turn in self.turns}
        self.rank = {turn.message_id: position for position, turn in enumerate(self.turns)}
        self._children = {}
        for turn in self.turns:
            self._children.setdefault(turn.parent_id, []).append(turn)

    def children(self, turn: Turn) -> list[Turn]:
        return self._children.get(turn.message_id, [])

    def siblings(self, turn: Turn) -> list[Turn]:
        """The other children of its parent, or the other roots."""
        return [other for other in self._children.get(turn.parent_id, []) if other is not turn]

    def path(self) -> list[Turn]:
        """The turns of the active path, root first."""
        return [turn for turn in self.turns if turn.on_active_path]

    def path_to(self, turn: Turn) -> list[Turn]:
        """The turns from the root to `turn`, both included."""
        return [*self.above(turn)][::-1]

    def above(self, turn: Turn) -> Iterator[Turn]:
        """`turn`, its parent, and so on up to the root."""
        at: Turn | None = turn
        while at is not None:
            yield at
            at = self.by_id.get(at.parent_id) if at.parent_id is not None else None
