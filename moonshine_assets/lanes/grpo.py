"""GRPO lane: prompts whose answer a deterministic verifier can check, proven on the answers that were recorded."""

from __future__ import annotations

import json
from collections.abc import Iterator
from statistics import fmean, pstdev

from moonshine_assets.distill.policy import Policy, VerifierName
from moonshine_assets.lanes.answers import Answer, answers
from moonshine_assets.lanes.dialogue import dialogue
from moonshine_assets.lanes.reading import Exchange
from moonshine_assets.lanes.rows import Refused, Row, Stamp, provenance
from moonshine_assets.lanes.trees import Conversation, Turn
from moonshine_assets.lanes.verifiers import VERIFIERS, Task

_EPSILON = 1e-4
_DIGITS = 6


def skip(exchange: Exchange, policy: Policy) -> str | None:  # noqa: ARG001 - the same question for every lane
    """Why a conversation need not be read, or None."""
    return None if exchange.verifiable else "no_verifiable_prompt"


def judge(conversation: Conversation, policy: Policy, stamp: Stamp) -> Iterator[Row | Refused]:
    """One candidate a human message of the active path that asks for something checkable; one in all without any."""
    candidates = 0
    for prompt in conversation.path():
        if not prompt.is_human:
            continue
        found = _task(prompt.prose, policy)
        if found is not None:
            candidates += 1
            yield _judged(conversation, prompt, *found, policy, stamp)
    if not candidates:
        yield Refused("no_verifiable_prompt")


def _task(prompt: str, policy: Policy) -> tuple[VerifierName, Task] | None:
    """The first verifier of the policy that knows what the prompt asks for."""
    for name in policy.lanes.grpo.verifiers:
        task = VERIFIERS[name].ask(prompt)
        if task is not None:
            return name, task
    return None


def _judged(
    conversation: Conversation, prompt: Turn, name: VerifierName, task: Task, policy: Policy, stamp: Stamp
) -> Row | Refused:
    shared = dialogue(conversation.path_to(prompt), policy.answers)
    if isinstance(shared, Refused):
        return Refused(f"prompt_{shared.reason}")
    group = [answer for answer in answers(conversation, prompt) if _alone(answer)]
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
    return {
        "prompt": shared.messages,
        "ground_truth": task.ground_truth,
        "verifier": name,
        "verifier_args": json.dumps(task.arguments, ensure_ascii=False, sort_keys=True),
        "data_source": f"moonshine_{name}",
        "reference_group": [
            {
                "completion": completion,
                "reward": reward,
                "advantage": advantage,
                "source_uid": answer.turn.record_uid,
            }
            for completion, reward, advantage, answer in zip(
                completions, rewards, advantages(rewards), group, strict=True
            )
        ],
        **provenance(
            conversation,
            stamp,
            record_uid=prompt.record_uid,
            turns=[*shared.turns, *(answer.turn for answer in group)],
            signal=name,
            label_confidence=policy.lanes.grpo.label_confidence,
            tokens=shared.tokens + sum(answer.turn.prose_tokens for answer in group),
            models=(answer.turn.model for answer in group),
        ),
    }


def _alone(answer: Answer) -> bool:
    """Whether the answer is one message of prose, made without tools."""
    turn = answer.turn
    return not (answer.with_tools or answer.in_parts or turn.is_on_the_way) and turn.is_plain


def advantages(rewards: list[float]) -> list[float]:
    """(r - mean) / (std + 1e-4) over the group, population standard deviation, six digits."""
    mean, spread = fmean(rewards), pstdev(rewards)
    # Adding 0.0 turns a rounded -0.0 into 0.0, so equal groups are equal bytes.
    return [round((reward - mean) / (spread + _EPSILON), _DIGITS) + 0.0 for reward in rewards]
