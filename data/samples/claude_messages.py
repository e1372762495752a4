"""Claude conversations of the 2026 export out of stories.

A body is a run of segments; text stands first or after `--- text`, other segments begin with `--- kind ...`.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from story import Step, Story, iso, stable_id, times

ROOT = "00000000-0000-4000-8000-000000000000"
ACCOUNT = stable_id("claude", "account")


def conversation(story: Story) -> tuple[dict[str, Any], Counter[str]]:
    """The conversation of a story and what was put into it, counted by kind; `nodes` are array entries."""
    seconds = times(story, {"human": 80, "assistant": 0 if "times" in story.head else 10})
    last = max(seconds.values(), default=story.start())
    conv: dict[str, Any] = {
        "uuid": stable_id("claude", story.name),
        "name": story.head["name"],
        "created_at": iso(story.start()),
        "updated_at": iso(last).removesuffix("Z") if story.head.get("zone") == "none" else iso(last),
        "account": {"uuid": ACCOUNT},
    }
    if "summary" in story.head:
        conv["summary"] = story.head["summary"]
    if "quarantined" in story.head:
        return conv, Counter()
    ids = {step.label: stable_id("claude", story.name, step.label) for step in story.steps} | {"root": ROOT}
    conv["chat_messages"] = [
        None if step.kind == "null" else _message(step, story, ids, seconds) for step in story.steps
    ]
    messages = [message for message in conv["chat_messages"] if message]
    counts = Counter(nodes=len(story.steps), messages=len(messages), visible=len(messages), hidden=0)
    counts["null_entries"] = len(story.steps) - len(messages)
    blocks = [block for message in messages for block in message["content"]]
    calls = [block["name"] for block in blocks if block["type"] == "tool_use"]
    counts["artifacts"] = calls.count("artifacts")
    counts["tool_calls"] = len(calls) - counts["artifacts"]
    counts["tool_results"] = sum(block["type"] == "tool_result" for block in blocks)
    parents = Counter(step.parent for step in story.steps)
    counts["branch_points"] = sum(number > 1 for number in parents.values())
    return conv, counts


def _message(step: Step, story: Story, ids: dict[str, str], seconds: dict[str, float]) -> dict[str, Any]:
    at = seconds[step.label]
    message: dict[str, Any] = {
        "uuid": ids[step.label],
        "text": "",
        "content": [],
        "sender": step.kind,
        "created_at": iso(at),
        "updated_at": iso(at),
        "attachments": [],
        "files": [],
    }
    if story.head.get("parents") != "no":
        message["parent_message_uuid"] = ids[step.parent]
    for head, body in _segments(step.body):
        _add(message, head, body, {"start_timestamp": iso(at), "stop_timestamp": iso(at + 1), "flags": None})
    unsupported = "```\nThis block is not supported on your current device yet.\n```"
    shown = {"text": lambda block: block["text"], "tool_use": lambda _: unsupported}
    message["text"] = "\n\n".join(
        shown[block["type"]](block) for block in message["content"] if block["type"] in shown
    )
    return message


def _segments(body: str) -> list[tuple[str, str]]:
    segments = []
    for part in ("text\n" + body).split("\n--- "):
        head, _, rest = part.partition("\n")
        if head != "text" or rest:
            segments.append((head, rest))
    return segments


def _add(message: dict[str, Any], head: str, body: str, stamps: dict[str, Any]) -> None:
    """Append what one segment stands for to the message's blocks, attachments or files."""
    kind, _, rest = head.partition(" ")
    blocks = message["content"]
    match kind:
        case "text":
            blocks.append(stamps | {"type": "text", "text": body, "citations": []})
        case "cited":
            details = {"type": "web_search_citation", "url": rest}
            cited = {"uuid": stable_id(rest), "start_index": 0, "end_index": len(body), "details": details}
            blocks.append(stamps | {"type": "text", "text": body, "citations": [cited]})
        case "thinking":
            summaries = [{"summary": body.split(". ")[0]}]
            blocks.append(
                stamps
                | {
                    "type": "thinking",
                    "thinking": body,
                    "summaries": summaries,
                    "cut_off": False,
                    "truncated": False,
                }
            )
        case "use":
            name, _, given = rest.partition(" ")
            arguments, _, key = given.rpartition("} ")
            values = json.loads(arguments + "}" if arguments else given)
            blocks.append(_call(stamps, name, values | ({key: body} if arguments else {})))
        case "replace":
            old, new = body.split("\n>>>\n")
            blocks.append(_call(stamps, "str_replace", json.loads(rest) | {"old_str": old, "new_str": new}))
        case "artifact":
            values = json.loads(rest)
            texts = ("old_str", "new_str") if values["command"] == "update" else ("content",)
            blocks.append(
                _call(stamps, "artifacts", values | dict(zip(texts, body.split("\n>>>\n"), strict=True)))
            )
        case "result":
            name, _, error = rest.partition(" ")
            item = {"type": "text", "text": body, "uuid": stable_id(body, stamps["start_timestamp"])}
            blocks.append(_result(stamps, name, [item], error == "error"))
        case "knowledge":
            heading, _, text = body.partition("\n")
            title, url = heading.split(" | ")
            found: dict[str, Any] = {"type": "knowledge", "title": title, "url": url, "text": text}
            found["metadata"] = {"type": "webpage_metadata"}
            blocks.append(_result(stamps, rest, [found], failed=False))
        case "block":
            blocks.append(json.loads(rest))
        case "attachment":
            size = len(body.encode())
            attachment = {"file_name": rest, "file_size": size, "file_type": "txt", "extracted_content": body}
            message["attachments"].append(attachment)
        case "upload":
            message["files"].append({"file_name": rest, "file_uuid": stable_id("claude", rest)})
        case _:
            raise ValueError(f"unknown segment: {kind}")


def _call(stamps: dict[str, Any], name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    unset = dict.fromkeys(("message", "integration_name", "icon_name", "context", "display_content"))
    return stamps | {"type": "tool_use", "id": None, "name": name, "input": arguments} | unset


def _result(stamps: dict[str, Any], name: str, content: list[dict[str, Any]], failed: bool) -> dict[str, Any]:
    head = {"type": "tool_result", "tool_use_id": None, "name": name, "content": content, "is_error": failed}
    return stamps | head | dict.fromkeys(("display_content", "structured_content", "meta"))
