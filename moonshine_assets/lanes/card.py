"""The dataset cards of a lane: what is in it, what was left out and why, and what has not been checked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from moonshine_assets.lanes.rows import CORE

_ABOUT = {
    "conversational": "Whole conversations as they were shown: human and model messages of prose, in turn.",
    "dpo": "Preference pairs: two answers to one prompt, and what the person said or did about them.",
    "kto": "Answers of which the person said or showed that they were good (`label` true) or not (false).",
    "grpo": "Prompts with a deterministic verifier and its ground truth; `reference_group` holds recorded answers.",
    "agentic_code": "Conversations with tools: every call with the result that was recorded for it.",
}
_EXTRA = {
    "conversational": "none",
    "dpo": "pairs of weaker evidence (`retry_accepted`, `edited_continued`)",
    "kto": "answers of weaker evidence (`interrupted`, `left_behind`)",
    "grpo": "prompts whose recorded answers do not tell right from wrong (too few, all right, nearly all or none)",
    "agentic_code": "runs that failed, of unknown outcome, or of few calls",
}


def card(manifest: dict[str, Any]) -> str:
    """Markdown with the front matter dataset hubs read. JSONL only: a card that mixes formats does not load."""
    lane = manifest["lane"]
    dropped = manifest["dropped"].items()
    lines = [
        *_front_matter(manifest, "jsonl/", "jsonl"),
        f"# {lane}",
        "",
        _ABOUT[lane],
        "",
        f"- rows: {manifest['rows']:,}, tokens (o200k_base, texts counted one by one): {manifest['tokens']:,}",
        f"- run `{manifest['run_id']}`, policy `{manifest['policy_version']}`",
        f"- candidates: {manifest['candidates']:,} ({manifest['candidate_unit']})",
        f"- {_audited(manifest)}",
        "- train and validation never share a conversation, a conversation that went on from it, or a longer text",
        f"- configuration `{lane}_extra`: {_EXTRA[lane]}",
        "- `parquet/` holds the same rows as a dataset of its own",
        "",
        "| signal | tier | rows | judged | precision (95 %) | audit |",
        "|---|---|---:|---:|---|---|",
        *(_signal(one) for one in manifest["audit"]),
        "",
        "## Left out",
        "",
    ]
    if not manifest["rows"]:
        lines += ["The lane is empty: no candidate qualified.", ""]
    if dropped:
        lines += ["| reason | candidates |", "|---|---:|"]
        lines += [f"| {reason} | {count:,} |" for reason, count in dropped]
    else:
        lines += ["Nothing."]
    return "\n".join(lines) + "\n"


def _audited(manifest: dict[str, Any]) -> str:
    if not manifest["unaudited"]:
        return "audited: people judged a sample of every signal"
    below = [f"{one['signal']} ({one['tier']})" for one in manifest["audit"] if one["status"] == "below_bound"]
    if below:
        return f"below the policy's bound of precision: {', '.join(below)}; the lane is not audited as a whole"
    if manifest["label_precision"]:
        return "not audited as a whole: not every signal has been judged; `label_confidence` is the policy's assumption"
    return "not audited: no label precision has been measured; `label_confidence` is the policy's assumption"


def _signal(one: dict[str, Any]) -> str:
    precision = "" if one["precision"] is None else f"{one['precision']:.3f} ({one['low']:.3f} to {one['high']:.3f})"
    judged = one["right"] + one["wrong"]
    return f"| {one['signal']} | {one['tier']} | {one['rows']:,} | {judged:,} | {precision} | {one['status']} |"


def parquet_card(manifest: dict[str, Any]) -> str:
    """The card of the Parquet dataset."""
    lane = manifest["lane"]
    lines = [
        *_front_matter(manifest, "", "parquet"),
        f"# {lane} as Parquet",
        "",
        "The rows of the JSONL files one folder up. Lists of messages are `list<arrow.json>`: datasets 4.8 and newer",
        "and Polars 2 read them, older datasets do not.",
    ]
    return "\n".join(lines) + "\n"


def _front_matter(manifest: dict[str, Any], folder: str, kind: str) -> Iterator[str]:
    """Configurations by tier, splits that have rows; a file without rows gives a hub no columns."""
    yield "---"
    yield "configs:"
    for tier, splits in manifest["tiers"].items():
        filled = [split for split, rows in splits.items() if rows]
        if not filled and tier == CORE:
            filled = ["train"]
        if not filled:
            continue
        yield f"- config_name: {manifest['lane']}" + ("" if tier == CORE else f"_{tier}")
        if tier == CORE:
            yield "  default: true"
        yield "  data_files:"
        for split in filled:
            yield f"  - split: {split}"
            yield f"    path: {folder}{'' if tier == CORE else f'{tier}/'}{split}.{kind}"
    yield "---"
    yield ""
