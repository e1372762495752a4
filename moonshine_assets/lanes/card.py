"""The dataset card of a lane: what is in it, what was left out and why, and what has not been checked."""

from __future__ import annotations

from typing import Any

_ABOUT = {
    "conversational": "Whole conversations as they were shown: human and model messages of prose, in turn.",
    "dpo": "Preference pairs from regenerated answers: the person went on from `chosen` and left `rejected` behind.",
    "grpo": "Prompts with a deterministic verifier and its ground truth; `reference_group` holds recorded answers.",
    "agentic_code": "Conversations with tools: every call with the result that was recorded for it.",
}


def card(manifest: dict[str, Any]) -> str:
    """Markdown with the front matter dataset hubs read. JSONL only: a card that mixes formats does not load."""
    lane = manifest["lane"]
    dropped = manifest["dropped"].items()
    lines = [
        "---",
        "configs:",
        f"- config_name: {lane}",
        "  default: true",
        "  data_files:",
        "  - split: train",
        f"    path: jsonl/{lane}.jsonl",
        "---",
        "",
        f"# {lane}",
        "",
        _ABOUT[lane],
        "",
        f"- rows: {manifest['rows']:,}, tokens (o200k_base, texts counted one by one): {manifest['tokens']:,}",
        f"- run `{manifest['run_id']}`, policy `{manifest['policy_version']}`",
        f"- candidates: {manifest['candidates']:,} ({manifest['candidate_unit']})",
        "- not audited: no label precision has been measured; `label_confidence` is the policy's assumption",
        f"- `parquet/{lane}.parquet` holds the same rows",
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
