"""Lanes as a distillation publishes them, from rows written by hand: every lane, two splits, two tiers."""

from __future__ import annotations

import copy
import json
from hashlib import sha256
from typing import Any

from moonshine_resources.atomic import write_json
from moonshine_resources.home import Home

RUN = "main_20260131_130000"
Row = dict[str, Any]


def provenance(uid: str, signal: str, **more: Any) -> Row:
    return {
        "provider": "chatgpt",
        "provider_run_id": "chatgpt_20260131_120000",
        "source_sha256": "0" * 64,
        "policy_version": "default-0123456789ab",
        "run_id": RUN,
        "record_uid": sha256(uid.encode()).hexdigest(),
        "source_type": "chatgpt_export",
        "conversation_id": f"conversation of {uid}",
        "node_ids": [f"{uid}-1", f"{uid}-2"],
        "lang": "en",
        "signal": signal,
        "signal_version": "1",
        "label_confidence": 0.5,
        "tokens_o200k": 10,
        "model_slug": "gpt-5",
        "tier": "core",
        "split": "train",
        **more,
    }


def user(text: str) -> Row:
    return {"role": "user", "content": text}


def told(text: str) -> Row:
    return {"role": "assistant", "content": text}


def calls(text: str, *given: tuple[str, str, Row]) -> Row:
    return {
        "role": "assistant",
        "content": text,
        "tool_calls": [
            {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}
            for call_id, name, arguments in given
        ],
    }


def result(call_id: str, name: str, text: str) -> Row:
    return {"role": "tool", "tool_call_id": call_id, "name": name, "content": text}


def schema(name: str, *properties: str) -> Row:
    return {
        "type": "function",
        "function": {
            "name": name,
            "description": "",
            "parameters": {"type": "object", "properties": {one: {"type": "string"} for one in properties}},
        },
    }


def conversational(uid: str = "talk", **more: Any) -> Row:
    messages = [user("How do gorges form?"), told("Sand grinds the bed."), user("How long?"), told("A million years.")]
    return {"messages": messages, **provenance(uid, "active_path", **more)}


def dpo(uid: str = "pair", **more: Any) -> Row:
    return {
        "prompt": [user("How do gorges form?")],
        "chosen": [told("Sand grinds the bed, year after year.")],
        "rejected": [told("Acids dissolve the stone.")],
        "cross_model": False,
        **provenance(uid, "regen_continued", **more),
    }


def kto(uid: str = "judged", *, label: bool = True, **more: Any) -> Row:
    return {
        "prompt": [user("How do gorges form?")],
        "completion": [told("Sand grinds the bed.")],
        "label": label,
        **provenance(uid, "thumb_up" if label else "thumb_down", **more),
    }


def grpo(uid: str = "sum", **more: Any) -> Row:
    group = [{"completion": "391", "reward": 1.0, "advantage": 1.0, "source_uid": "a"}]
    return {
        "prompt": [user("What is 17 * 23?")],
        "ground_truth": "391",
        "verifier": "arithmetic_exact",
        "verifier_args": '{"expression": "17 * 23"}',
        "data_source": "moonshine_arithmetic_exact",
        "reference_group": group,
        **provenance(uid, "arithmetic_exact", **more),
    }


def agentic_code(uid: str = "work", **more: Any) -> Row:
    """Text beside a call, two calls at once, quotes and another script in arguments, an empty result."""
    messages = [
        user("List the files and say hello"),
        calls("I look.", ("call_1", "bash", {"command": 'echo "größte" && ls -la', "deep": {"a": [1, 2.5, True]}})),
        result("call_1", "bash", "a.txt and b.txt"),
        calls("", ("call_2", "read", {"path": "a.txt"}), ("call_3", "bash", {"command": "true"})),
        result("call_2", "read", "Grüße"),
        result("call_3", "bash", ""),
        told("There is one file."),
    ]
    return {
        "messages": messages,
        "tools": [schema("bash", "command", "deep"), schema("read", "path")],
        "outcome": "B_exit_ok",
        "outcome_evidence": "t1",
        "step_ok": [1, 1, 1],
        **provenance(uid, "B_exit_ok", **more),
    }


ROWS = {"conversational": conversational, "dpo": dpo, "kto": kto, "grpo": grpo, "agentic_code": agentic_code}


def rows_of_every_lane() -> dict[str, list[Row]]:
    """Two training rows, one for validation and one of the other tier, by lane."""
    return {
        lane: [
            make(f"{lane} one"),
            make(f"{lane} two"),
            make(f"{lane} three", split="validation"),
            make(f"{lane} four", tier="extra"),
        ]
        for lane, make in ROWS.items()
    }


def publish(home: Home, rows: dict[str, list[Row]], run_id: str = RUN) -> Home:
    """Write them where a distillation does, each with its manifest, and the manifest that names the newest run."""
    for lane, of_lane in rows.items():
        folder = home.lane(lane, run_id)
        files = []
        for tier, place in (("core", "jsonl"), ("extra", "jsonl/extra")):
            for split in ("train", "validation"):
                path = folder / place / f"{split}.jsonl"
                path.parent.mkdir(parents=True, exist_ok=True)
                chosen = [row for row in of_lane if (row["tier"], row["split"]) == (tier, split)]
                chosen.sort(key=lambda row: row["record_uid"])
                path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in chosen), "utf-8")
                files.append(
                    {
                        "path": path.relative_to(folder).as_posix(),
                        "bytes": path.stat().st_size,
                        "sha256": sha256(path.read_bytes()).hexdigest(),
                    }
                )
        write_json(
            folder / "manifest.json",
            {
                "lane": lane,
                "run_id": run_id,
                "policy_version": "default-0123456789ab",
                "rows": len(of_lane),
                "tokens": 10 * len(of_lane),
                "unaudited": True,
                "label_precision": None,
                "files": files,
            },
        )
    write_json(home.distillation_manifest, {"run_id": run_id, "lanes": {}})
    return home


def copied(row: Row) -> Row:
    return copy.deepcopy(row)
