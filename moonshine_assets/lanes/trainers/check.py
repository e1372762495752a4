"""Rows of a lane through the chat templates a trainer would use: what would it lose?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from moonshine_assets.lanes.lint import Finding
from moonshine_assets.lanes.rows import Row
from moonshine_assets.lanes.trainers.form import Arguments, Cut, Left, Message, Sample, Trainer, compact, uses_tools
from moonshine_assets.lanes.trainers.registry import TRAINERS, form_of
from moonshine_assets.lanes.trainers.rendering import broken_rules
from moonshine_assets.lanes.trainers.template import Template, bundled

#: So many rows of a lane are rendered by its gate: each is laid out several times, and rows of a kind fail alike.
RENDERED_ROWS = 500


@dataclass(slots=True)
class Report:
    """What one template made of the rows of one lane.

    Args:
        rows: lines that were rendered.
        passed_over: rows that need what the template has no place for (tools, a system message), by what.
        findings: broken rules; none is a pass.
    """

    template: str
    lane: str
    rows: int = 0
    passed_over: Counter[str] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)


def check(
    rows: Iterable[Row],
    lane: str,
    trainer: Trainer,
    arguments: Arguments,
    templates: Sequence[Template],
    *,
    strict: frozenset[str] = frozenset(),
) -> tuple[list[Report], Counter[str]]:
    """A report a template, and the rows that have no line, by reason.

    Args:
        strict: names of templates that have to take every row; of others only what they can hold is asked.

    Raises:
        BadInput: the trainer takes no such lane.
    """
    form = form_of(trainer, lane)
    reports = [Report(template.name, lane) for template in templates]
    able = [None if template.name in strict else capabilities(template, arguments) for template in templates]
    left: Counter[str] = Counter()
    for row in rows:
        line = form.write(row, arguments)
        if isinstance(line, Left):
            left[line.reason] += 1
            continue
        samples = form.read(line)
        needed = needs(samples)
        for template, report, holds in zip(templates, reports, able, strict=True):
            missing = sorted(needed - holds) if holds is not None else []
            if missing:
                report.passed_over[missing[0]] += 1
                continue
            report.rows += 1
            told = broken_rules(row, lane, line, samples, template)
            report.findings += [Finding(str(row["record_uid"]), rule, where) for rule, where in told]
    return reports, left


def rendering_findings(rows: Sequence[Row], lane: str) -> list[Finding]:
    """What a lane's own form loses in Moonshine's templates: of at most RENDERED_ROWS rows, evenly from first to last.

    For rows of the lane's shape, see `lint`.
    """
    templates = bundled("dict")
    step = -(-len(rows) // RENDERED_ROWS) or 1
    chosen = (rows[index] for index in range(0, len(rows), step))
    strict = frozenset(template.name for template in templates)
    reports, _ = check(chosen, lane, TRAINERS["trl"], "dict", templates, strict=strict)
    return list(dict.fromkeys(finding for report in reports for finding in report.findings))


def needs(samples: Sequence[Sample]) -> frozenset[str]:
    """What a template must have a place for."""
    found = {"dialogue"}
    for sample in samples:
        if sample.targets and sample.cut == "prefix":
            found.add("answer after its prompt")
        if sample.tools:
            found.add("tool schemas")
        if uses_tools(sample.messages):
            found.add("tool calls")
        if any(message["role"] == "system" for message in sample.messages):
            found.add("system message")
        if any(message.get("tool_calls") and message["content"] for message in sample.messages):
            found.add("text beside a call")
        if any(len(message.get("tool_calls") or []) > 1 for message in sample.messages):
            found.add("parallel calls")
    return frozenset(found)


_ASKED: Message = {"role": "user", "content": "zq1 asks"}
_TOLD: Message = {"role": "assistant", "content": "zq2 tells"}
_AGAIN: Message = {"role": "user", "content": "zq3 asks"}
_DONE: Message = {"role": "assistant", "content": "zq4 tells"}


def capabilities(template: Template, arguments: Arguments) -> frozenset[str]:
    """What a template holds unharmed, seen on a made-up conversation of each kind."""
    found = set()
    tools = [{"type": "function", "function": {"name": "zqtool", "description": "zq", "parameters": _PARAMETERS}}]
    kinds: dict[str, tuple[list[Message], list[Any] | None]] = {
        "dialogue": ([_ASKED, _TOLD, _AGAIN, _DONE], None),
        "answer after its prompt": ([_ASKED, _TOLD, _AGAIN, _DONE], None),
        "system message": ([{"role": "system", "content": "zq0 rules"}, _ASKED, _TOLD], None),
        "tool schemas": ([_ASKED, _TOLD], tools),
        "tool calls": ([_ASKED, *_called(arguments, "", 1), _TOLD], tools),
        "text beside a call": ([_ASKED, *_called(arguments, "zq5 says", 1), _TOLD], tools),
        "parallel calls": ([_ASKED, *_called(arguments, "", 2), _TOLD], tools),
    }
    for kind, (messages, schemas) in kinds.items():
        last = len(messages) - 1
        cut: Cut = "prefix" if kind == "answer after its prompt" else "mask"
        sample = Sample("messages", messages, schemas, (last,), cut)
        row = {"messages": messages, "tools": schemas}
        if not broken_rules(row, "agentic_code", row, [sample], template):
            found.add(kind)
    return frozenset(found)


_PARAMETERS = {"type": "object", "properties": {"zqname": {"type": "string", "description": "zq"}}}


def _called(arguments: Arguments, text: str, count: int) -> list[Message]:
    given = [{"zqname": f'zq "{number}"'} for number in range(1, count + 1)]
    calls: list[Message] = [
        {
            "id": f"call_{number}",
            "type": "function",
            "function": {"name": "zqtool", "arguments": one if arguments == "dict" else compact(one)},
        }
        for number, one in enumerate(given, 1)
    ]
    results: list[Message] = [
        {"role": "tool", "tool_call_id": call["id"], "name": "zqtool", "content": f"zq result of {call['id']}"}
        for call in calls
    ]
    return [{"role": "assistant", "content": text, "tool_calls": calls}, *results]
