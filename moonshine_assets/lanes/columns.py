"""The columns of each lane, in the order they are written, with their Parquet types."""

from __future__ import annotations

import pyarrow as pa

JSON_LIST = pa.list_(pa.json_(pa.string()))

PROVENANCE: dict[str, pa.DataType] = {
    "provider": pa.string(),
    "provider_run_id": pa.string(),
    "source_sha256": pa.string(),
    "policy_version": pa.string(),
    "run_id": pa.string(),
    "record_uid": pa.string(),
    "source_type": pa.string(),
    "conversation_id": pa.string(),
    "node_ids": pa.list_(pa.string()),
    "lang": pa.string(),
    "signal": pa.string(),
    "signal_version": pa.string(),
    "label_confidence": pa.float64(),
    "tokens_o200k": pa.int64(),
    "model_slug": pa.string(),
    "tier": pa.string(),
    "split": pa.string(),
}

#: What a trainer reads, before the provenance.
CONTENT: dict[str, dict[str, pa.DataType]] = {
    "conversational": {"messages": JSON_LIST},
    "dpo": {
        "prompt": JSON_LIST,
        "chosen": JSON_LIST,
        "rejected": JSON_LIST,
        "cross_model": pa.bool_(),
        "stripped_characters": pa.int32(),
    },
    "kto": {"prompt": JSON_LIST, "completion": JSON_LIST, "label": pa.bool_()},
    "grpo": {
        "prompt": JSON_LIST,
        "ground_truth": pa.string(),
        "verifier": pa.string(),
        "verifier_args": pa.string(),
        "data_source": pa.string(),
        "reference_group": JSON_LIST,
        "pass_rate": pa.float64(),
    },
    "agentic_code": {
        "messages": JSON_LIST,
        "tools": JSON_LIST,
        "outcome": pa.string(),
        "outcome_evidence": pa.string(),
        "step_ok": pa.list_(pa.int8()),
        "truncated_tokens": pa.list_(pa.int32()),
    },
}
#: Columns that may be null: an unknown outcome has no evidence.
NULLABLE = frozenset({"outcome_evidence"})
#: What makes two rows the same training example. GRPO's group is evidence about a row, not what is trained.
IDENTITY: dict[str, tuple[str, ...]] = {
    "conversational": ("messages",),
    "dpo": ("prompt", "chosen", "rejected"),
    "kto": ("prompt", "completion"),
    "grpo": ("prompt", "verifier", "verifier_args", "ground_truth"),
    "agentic_code": ("messages", "tools"),
}


def columns(lane: str) -> dict[str, pa.DataType]:
    """Every column of a lane's rows, in order."""
    return {**CONTENT[lane], **PROVENANCE}


def arrow_schema(lane: str) -> pa.Schema:
    return pa.schema(list(columns(lane).items()))
