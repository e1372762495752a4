"""What is left of a row once it went through a chat template: every rule here is a way in which trainers lose it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from moonshine_assets.lanes.rows import Row
from moonshine_assets.lanes.tool_calls import holds_null
from moonshine_assets.lanes.trainers.form import Message, Sample, own_samples
from moonshine_assets.lanes.trainers.template import Refused, Rendered, Template

#: What a broken rule is called, and what it means.
RULES = {
    "null_inside": "the line holds a null: old versions of datasets fill objects up with them",
    "null_rendered": "the text shows a null that the row does not have",
    "double_encoded_arguments": "arguments are text that the template escapes once more",
    "dummy_text": "text that a trainer put in would be trained",
    "zero_supervised": "nothing of an answer would be trained",
    "lost_tool_call": "a tool call is not in the text",
    "lost_tool_result": "what a tool answered is not in the text",
    "lost_tools": "a tool's schema is not in the text",
    "lost_text": "words of a message are not in the text",
    "prefix_mismatch": "the text does not begin with the rendered messages before the answer",
    "template_refuses": "the template does not take the conversation",
}
_DUMMY = re.compile(r"\[\[dummy_message\]\]|<dummy>|\[DUMMY\]")
_NULL = re.compile(r"\bnull\b|\bNone\b")

#: How templates write a text: as it is, as JSON with and without other scripts, and as Python (LFM2).
_FORMS: tuple[Callable[[str], str], ...] = (
    lambda words: words,
    lambda words: json.dumps(words, ensure_ascii=False)[1:-1],
    lambda words: json.dumps(words)[1:-1],
    lambda words: words.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n").replace("\t", "\\t"),
)

_Told = Iterator[tuple[str, str]]


def broken_rules(row: Row, lane: str, line: Row, samples: list[Sample], template: Template) -> list[tuple[str, str]]:
    """(rule, place) of everything a trainer would lose or spoil; empty when the row is trained as it is.

    Args:
        row: the lane's row, the measure.
        line: what was written for the trainer.
        samples: what the trainer renders of the line.
    """
    own = {sample.where: sample for sample in own_samples(row, lane)}
    told = [("null_inside", name) for name in line if _null(line, name)]
    for sample in samples:
        expected = own.get(sample.where)
        told += _sample(sample, expected or sample, template)
    return list(dict.fromkeys(told))


def _null(line: Row, name: str) -> bool:
    return isinstance(line.get(name), list) and any(holds_null(item) for item in line[name])


def _sample(sample: Sample, own: Sample, template: Template) -> _Told:
    try:
        rendered = template.render(sample.messages, sample.tools, not sample.targets)
        yield from _kept(rendered.text, own.messages[sample.skipped :], sample)
        if sample.tools is not None:
            yield from _schemas(rendered.text, sample)
        yield from _encoding(rendered.text, sample)
        yield from _nulls(rendered.text, sample, own, template)
        for target in sample.targets:
            yield from _supervised(rendered, sample, target, template)
    except Refused as refused:
        yield "template_refuses", f"{sample.where}: {refused}"


def _kept(text: str, messages: list[Message], sample: Sample) -> _Told:
    """The row's own words, in their order, are in the text."""
    at = 0
    for index, message in enumerate(messages, sample.skipped):
        where = f"{sample.where}[{index}]"
        rule = "lost_tool_result" if message["role"] == "tool" else "lost_text"
        end = _end(text, str(message["content"]).strip(), at)
        if end is None:
            yield rule, where
        at = end or at
        for call in message.get("tool_calls") or []:
            function = call["function"]
            ends = [_end(text, leaf, at) for leaf in [function["name"], *_leaves(function["arguments"])]]
            if None in ends:
                yield "lost_tool_call", where
            at = max((end for end in ends if end is not None), default=at)


def _end(text: str, words: str, start: int) -> int | None:
    """Where the words end in the text, plain or as a string of JSON or Python; None when they are not there."""
    if not words:
        return start
    for form in _FORMS:
        written = form(words)
        found = text.find(written, start)
        if found >= 0:
            return found + len(written)
    return None


def _leaves(value: Any) -> Iterator[str]:
    """Names and texts of arguments, however a template lays them out."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            yield value.strip()
            return
    yield from _words(value)


def _words(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield str(name).strip()
            yield from _words(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _words(inner)
    elif isinstance(value, str):
        yield value.strip()


def _schemas(text: str, sample: Sample) -> _Told:
    for index, tool in enumerate(sample.tools or []):
        name = tool.get("function", tool).get("name", "")
        if _end(text, name, 0) is None:
            yield "lost_tools", f"tools[{index}]"


def _encoding(text: str, sample: Sample) -> _Told:
    """Arguments given as text are JSON already: seen with their quotes escaped, they were encoded twice."""
    for index, message in enumerate(sample.messages):
        for call in message.get("tool_calls") or []:
            arguments = call["function"]["arguments"]
            if not isinstance(arguments, str) or '"' not in arguments:
                continue
            twice = json.dumps(arguments, ensure_ascii=False)[1:-1]
            if arguments not in text and (twice in text or json.dumps(arguments)[1:-1] in text):
                yield "double_encoded_arguments", f"{sample.where}[{index}]"


def _nulls(text: str, sample: Sample, own: Sample, template: Template) -> _Told:
    """More nulls in the text than in the row and in what the template says around any conversation."""
    shown = len(_NULL.findall(text))
    if not shown:
        return
    said = json.dumps([own.messages, own.tools or sample.tools], ensure_ascii=False)
    around = template.render([{"role": "user", "content": "x"}], None, True).text
    if shown > len(_NULL.findall(said)) + len(_NULL.findall(around)):
        yield "null_rendered", sample.where


def _supervised(rendered: Rendered, sample: Sample, target: int, template: Template) -> _Told:
    """What is trained of one answer holds its words, and nothing a trainer put in."""
    where = f"{sample.where}[{target}]"
    message = sample.messages[target]
    if sample.cut == "mask":
        trained = [rendered.text[start:end] for start, end in rendered.generated]
        if template.marks and not any(_holds(span, message) for span in trained):
            yield "zero_supervised", where
        if template.marks or target != sample.targets[-1]:
            return
    text = template.render(sample.messages[: target + 1], sample.tools, False).text
    if sample.cut == "content":
        part = text[text.find(str(message["content"])) :]
    else:
        before = template.render(sample.messages[:target], sample.tools, True).text
        if not text.startswith(before):
            yield "prefix_mismatch", where
            return
        part = text[len(before) :]
    if not _holds(part, message):
        yield "zero_supervised", where
    if _DUMMY.search(part) and not _DUMMY.search(str(message["content"])):
        yield "dummy_text", where


def _holds(text: str, message: Message) -> bool:
    """Whether a trained part has an answer's words or a call's name in it."""
    words = [str(message["content"]).strip()]
    words += [call["function"]["name"] for call in message.get("tool_calls") or []]
    return any(word and _end(text, word, 0) is not None for word in words)
