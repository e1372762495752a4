"""GRPO lane: prompts whose answer a deterministic verifier can check, proven on the answers that were recorded.

A row is core when its recorded answers tell right from wrong: two or more, rewards that differ, a pass rate that is
neither next to nothing nor next to all. With a passing reference alone it is extra. Equal prompts of several
conversations, whatever the provider, are one row with one group.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import groupby
from statistics import fmean, pstdev
from typing import Any

from moonshine_assets.distill.policy import Grpo, Policy, VerifierName
from moonshine_assets.lanes.answers import Answer, answers
from moonshine_assets.lanes.books import Books
from moonshine_assets.lanes.commands import command_of
from moonshine_assets.lanes.dialogue import dialogue
from moonshine_assets.lanes.reading import Exchange
from moonshine_assets.lanes.repeats import drop_repeats
from moonshine_assets.lanes.rows import CORE, EXTRA, Refused, Row, Stamp, provenance
from moonshine_assets.lanes.spill import Entry
from moonshine_assets.lanes.task import Context, Task
from moonshine_assets.lanes.tool_calls import call_of
from moonshine_assets.lanes.trees import Conversation, Turn
from moonshine_assets.lanes.verifiers import VERIFIERS

_EPSILON = 1e-4
_DIGITS = 6


def skip(exchange: Exchange, policy: Policy) -> str | None:  # noqa: ARG001 - the same question for every lane
    """Why a conversation need not be read, or None."""
    return None if exchange.verifiable else "no_verifiable_prompt"


def judge(conversation: Conversation, policy: Policy, stamp: Stamp) -> Iterator[Row | Refused]:
    """One candidate a human message of the active path that asks for something checkable; one in all without any."""
    candidates = 0
    path = conversation.path()
    for rank, prompt in enumerate(path):
        if not prompt.is_human:
            continue
        context = _context(path, rank)
        found = _task(prompt.prose, context, policy)
        if found is not None:
            candidates += 1
            verdict = _judged(conversation, prompt, *found, policy, stamp)
            yield verdict._replace(about=prompt.record_uid) if isinstance(verdict, Refused) else verdict
    if not candidates:
        yield Refused("no_verifiable_prompt")


def facts(row: Row) -> dict[str, float | int | str]:
    """How many recorded answers there are, and the share of them that pass."""
    return {"group": len(row["reference_group"]), "pass_rate": row["pass_rate"]}


def finish(books: Books, policy: Policy) -> dict[str, float]:
    """One row a prompt and task, with the answers of all conversations it was asked in."""
    entries = sorted(books.entries, key=lambda entry: (entry.identity, entry.record_uid))
    books.entries = []
    for _, same in groupby(entries, key=lambda entry: entry.identity):
        group = list(same)
        if len(group) > 1:
            _merge(books, group, policy.lanes.grpo)
        else:
            books.entries += group
    drop_repeats(books)
    rates = [float(entry.facts["pass_rate"]) for entry in books.entries]
    return {"mean_pass_rate": round(fmean(rates), 4) if rates else 0.0}


def _merge(books: Books, same: list[Entry], rules: Grpo) -> None:
    """Put the answers of all into the first row; the other rows stay, and are dropped as repeats of it."""
    rows = [*books.rows().only(same)]
    references = {one["source_uid"]: one for row in rows for one in row["reference_group"]}
    row = {**rows[0], **_grouped([references[uid] for uid in sorted(references)], rules)}
    row["tokens_o200k"] = sum(other["tokens_o200k"] for other in rows)
    row["model_slug"] = "+".join(sorted({slug for other in rows for slug in other["model_slug"].split("+")}))
    books.add(row, facts(row))
    books.entries += same[1:]
    for entry in same[1:]:
        books.borrowed += [(*entry.conversation, node) for node in entry.nodes]


def _grouped(references: list[dict[str, Any]], rules: Grpo) -> Row:
    """The group with its advantages, the pass rate, and the tier they make."""
    rewards = [one["reward"] for one in references]
    passed = round(fmean(rewards), _DIGITS)
    tells = (
        len(rewards) >= rules.minimum_group
        and pstdev(rewards) > 0
        and rules.minimum_pass_rate <= passed <= rules.maximum_pass_rate
    )
    return {
        "reference_group": [
            {**one, "advantage": advantage} for one, advantage in zip(references, advantages(rewards), strict=True)
        ],
        "pass_rate": passed,
        "tier": CORE if tells else EXTRA,
    }


def _context(path: list[Turn], rank: int) -> Context:
    """What stands below the prompt: code that was run until the next human message, and that message."""
    runs: list[tuple[str, str]] = []
    code = None
    for turn in path[rank + 1 :]:
        if turn.is_human:
            return Context(tuple(runs), turn.prose)
        for part in turn.parts:
            if part.is_call:
                call = call_of(turn, part, "")
                code = command_of(call.arguments) if call is not None else None
            elif part.kind == "tool_result" and code is not None:
                if part.text and not part.is_error:
                    runs.append((code, part.text))
                code = None
    return Context(tuple(runs))


def _task(prompt: str, context: Context, policy: Policy) -> tuple[VerifierName, Task] | None:
    """The first verifier of the policy that knows what the prompt asks for."""
    for name in policy.lanes.grpo.verifiers:
        task = VERIFIERS[name].ask(prompt, context)
        if task is not None:
            return name, task
    return None


def _judged(
    conversation: Conversation, prompt: Turn, name: VerifierName, task: Task, policy: Policy, stamp: Stamp
) -> Row | Refused:
    shared = dialogue(conversation.path_to(prompt), policy.answers)
    if isinstance(shared, Refused):
        return Refused(f"prompt_{shared.reason}")
    group = [answer for answer in answers(conversation, prompt) if _alone(answer, name)]
    if not group:
        return Refused("no_plain_answer")
    completions = [answer.turn.prose for answer in group]
    runs = [
        [VERIFIERS[name].reward(completion, task.ground_truth, task.arguments) for completion in completions]
        for _ in range(policy.lanes.grpo.determinism_runs)
    ]
    rewards = runs[0]
    if any(run != rewards for run in runs):
        return Refused("verifier_not_deterministic")
    if 1.0 not in rewards:
        return Refused("no_answer_passes")
    references = [
        {"completion": completion, "reward": reward, "source_uid": answer.turn.record_uid}
        for completion, reward, answer in zip(completions, rewards, group, strict=True)
    ]
    grouped = _grouped(references, policy.lanes.grpo)
    return {
        "prompt": shared.messages,
        "ground_truth": task.ground_truth,
        "verifier": name,
        "verifier_args": json.dumps(task.arguments, ensure_ascii=False, sort_keys=True),
        "data_source": f"moonshine_{name}",
        "reference_group": grouped["reference_group"],
        "pass_rate": grouped["pass_rate"],
        **provenance(
            conversation,
            stamp,
            record_uid=prompt.record_uid,
            turns=[*shared.turns, *(answer.turn for answer in group)],
            signal=name,
            label_confidence=policy.lanes.grpo.label_confidence,
            tokens=shared.tokens + sum(answer.turn.prose_tokens for answer in group),
            models=(answer.turn.model for answer in group),
            tier=grouped["tier"],
        ),
    }


def _alone(answer: Answer, verifier: VerifierName) -> bool:
    """Whether the answer is one message of prose, made without tools.

    What a program prints may have been looked up by running it: the answer is the same.
    """
    turn = answer.turn
    looked_up = answer.with_tools and verifier != "exec_output"
    return not (looked_up or answer.in_parts or turn.is_on_the_way) and turn.is_plain


def advantages(rewards: list[float]) -> list[float]:
    """(r - mean) / (std + 1e-4) over the group, population standard deviation, six digits."""
    mean, spread = fmean(rewards), pstdev(rewards)
    # Adding 0.0 turns a rounded -0.0 into 0.0, so equal groups are equal bytes.
    return [round((reward - mean) / (spread + _EPSILON), _DIGITS) + 0.0 for reward in rewards]
