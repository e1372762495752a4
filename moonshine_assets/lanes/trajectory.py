"""An active path with tools as trainer messages: calls in assistant messages, each answered by a tool message."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from moonshine_assets.distill.policy import Answers
from moonshine_assets.lanes.rows import Refused, Row
from moonshine_assets.lanes.tool_calls import Call, call_of, holds_null
from moonshine_assets.lanes.trees import Part, Turn
from moonshine_assets.lanes.truncation import Shorten, whole
from moonshine_assets.providers.rows import BLOCK_SEPARATOR


@dataclass(slots=True)
class Step:
    """A call and what came of it.

    Args:
        result_turn: the message with the result.
        is_error: whether it failed, as the export flags it (None: the export is silent).
        output: text of the whole result.
        truncated_tokens: how many tokens of it the row does not carry.
    """

    call: Call
    result_turn: Turn
    is_error: bool | None
    output: str = ""
    truncated_tokens: int = 0


@dataclass(slots=True)
class Trajectory:
    """Messages that start with user; `steps` in the order of the calls, `tokens` of the texts they carry."""

    messages: list[Row] = field(default_factory=list)
    turns: list[Turn] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    tokens: int = 0


@dataclass(slots=True)
class _Result:
    """What came of a call so far: the message it stands in last, and the trainer's message it becomes."""

    turn: Turn
    is_error: bool | None
    message: Row
    tokens: int


class _Stop(Exception):
    """Ends the walk with a reason."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def trajectory(path: Iterable[Turn], rules: Answers, shorten: Shorten = whole) -> Trajectory | Refused:
    """Turn an active path into a trajectory; `shorten` cuts results that are too long.

    A result answers the open call with its tool_call_id; where one of the two has none, the first open call of the
    same tool (a result without a tool name: the first open call). Hidden calls and results count, they are what
    happened; injected context, thinking and other hidden messages are passed over.

    Refused: call_without_result, call_without_tool_name, result_without_call, result_not_text_only,
    null_argument, not_text_only, blank_human_turn, human_turns_in_a_row, starts_with_model, incomplete_answer,
    ends_without_answer.
    """
    walk = _Walk(rules, shorten)
    try:
        for turn in path:
            walk.take(turn)
        return walk.finish()
    except _Stop as stop:
        return Refused(stop.reason)


class _Walk:
    """The state of the walk: the trajectory so far and the calls still open."""

    def __init__(self, rules: Answers, shorten: Shorten) -> None:
        self._rules = rules
        self._shorten = shorten
        self._done = Trajectory()
        self._open: list[Call] = []
        self._results: dict[str, _Result] = {}
        self._calls: list[Call] = []
        self._last: Call | None = None

    def take(self, turn: Turn) -> None:
        if turn.is_human:
            self._human(turn)
        elif turn.role == "tool":
            self._tool_turn(turn)
        elif turn.role == "assistant" and turn.author_kind == "model" and (turn.visible or turn.uses_tools):
            self._model(turn)

    def finish(self) -> Trajectory:
        self._close()
        messages = self._done.messages
        if not messages or messages[-1]["role"] != "assistant":
            raise _Stop("ends_without_answer")
        self._done.steps = [self._step(call) for call in self._calls]
        return self._done

    def _step(self, call: Call) -> Step:
        """A call with its result, which is cut where it is too long."""
        result = self._results[call.call_id]
        output = result.message["content"]
        kept, tokens = self._shorten(output, result.tokens)
        result.message["content"] = kept
        self._done.tokens += tokens
        return Step(call, result.turn, result.is_error, output, result.tokens - tokens if kept != output else 0)

    def _human(self, turn: Turn) -> None:
        self._close()
        if not turn.is_plain:
            raise _Stop("not_text_only")
        prose = turn.prose
        if not prose:
            raise _Stop("blank_human_turn")
        if self._done.messages and self._done.messages[-1]["role"] == "user":
            raise _Stop("human_turns_in_a_row")
        self._done.messages.append({"role": "user", "content": prose})
        self._use(turn, turn.prose_tokens)

    def _model(self, turn: Turn) -> None:
        if not (turn.answers or turn.uses_tools):
            return
        if not self._done.messages:
            raise _Stop("starts_with_model")
        if not turn.is_complete(self._rules):
            raise _Stop("incomplete_answer")
        if turn.files:
            raise _Stop("not_text_only")
        for part in turn.parts:
            if part.is_call:
                self._call(turn, part)
            elif part.kind == "tool_result":
                self._result(turn, part, part.is_error)
            elif part.worded:
                self._text(part)
            elif not (part.kind in ("text", "thinking", "citation") or (part.kind == "raw" and not part.text)):
                raise _Stop("not_text_only")
        self._use(turn, 0)

    def _tool_turn(self, turn: Turn) -> None:
        """A tool's own message: its parts are one result, an error part is a failed one."""
        if turn.files or not turn.parts:
            raise _Stop("not_text_only")
        for part in turn.parts:
            if part.kind == "citation":
                continue
            if part.kind not in ("tool_result", "text", "error"):
                raise _Stop("not_text_only")
            failed = True if part.kind == "error" and part.is_error is None else part.is_error
            self._result(turn, part, failed)
        self._use(turn, 0)

    def _text(self, part: Part) -> None:
        self._close()
        last = self._done.messages[-1]
        if last["role"] == "assistant":
            last["content"] += BLOCK_SEPARATOR + (part.text or "")
        else:
            self._done.messages.append({"role": "assistant", "content": part.text or ""})
        self._done.tokens += part.tokens

    def _call(self, turn: Turn, part: Part) -> None:
        call = call_of(turn, part, f"call_{len(self._calls) + 1}")
        if call is None:
            raise _Stop("call_without_tool_name")
        if holds_null(call.arguments):
            raise _Stop("null_argument")
        last = self._done.messages[-1]
        if last["role"] == "tool" and self._open:
            raise _Stop("call_without_result")
        if last["role"] != "assistant":
            last = {"role": "assistant", "content": ""}
            self._done.messages.append(last)
        last.setdefault("tool_calls", []).append(call.message())
        self._calls.append(call)
        self._open.append(call)
        self._last = None
        self._done.tokens += part.tokens

    def _result(self, turn: Turn, part: Part, is_error: bool | None) -> None:
        if part.shows_more or (not part.text and part.has_payload):
            raise _Stop("result_not_text_only")
        name = part.tool_name or (turn.author_name if turn.role == "tool" else None)
        call = self._answered(part.tool_call_id, name)
        if call is None:
            self._further_result(turn, part, name, is_error)
            return
        self._open.remove(call)
        message = {"role": "tool", "tool_call_id": call.call_id, "name": call.name, "content": part.text or ""}
        self._results[call.call_id] = _Result(turn, is_error, message, part.tokens)
        self._done.messages.append(message)
        self._last = call if turn.role == "tool" else None

    def _answered(self, native_id: str | None, name: str | None) -> Call | None:
        if native_id is not None and any(call.native_id == native_id for call in self._open):
            return next(call for call in self._open if call.native_id == native_id)
        for call in self._open:
            if (native_id is None or call.native_id is None) and name in (None, call.name):
                return call
        return None

    def _further_result(self, turn: Turn, part: Part, name: str | None, is_error: bool | None) -> None:
        """A tool may say what it found in several parts and messages in a row: they are one result."""
        call = self._last
        if call is None or self._open or name not in (None, call.name):
            raise _Stop("result_without_call")
        if part.tool_call_id is not None and part.tool_call_id != call.native_id:
            raise _Stop("result_without_call")
        result = self._results[call.call_id]
        if part.text:
            texts = (result.message["content"], part.text)
            result.message["content"] = BLOCK_SEPARATOR.join(text for text in texts if text)
        result.turn = turn
        result.is_error = result.is_error if is_error is None else bool(result.is_error) or is_error
        result.tokens += part.tokens

    def _close(self) -> None:
        """Prose or a human turn comes next: every call must have been answered."""
        if self._open:
            raise _Stop("call_without_result")
        self._last = None

    def _use(self, turn: Turn, tokens: int) -> None:
        self._done.turns.append(turn)
        self._done.tokens += tokens
