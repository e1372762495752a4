"""ChatGPT conversations out of stories: the 2025 form with full nodes and the 2026 form with slim ones."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from chatgpt_content import content_of
from story import Step, Story, iso, stable_id, times

ROOT = "client-created-root"
LEFT_OF_A_CORRUPTED_ONE = (
    "title",
    "create_time",
    "update_time",
    "conversation_id",
    "default_model_slug",
    "id",
)
# What is sent to the canvas is a document, not a call of a tool.
CANVAS = "canmore."
# kind of step: role, author name, recipient, visible, what it counts as
KINDS: dict[str, tuple[str, str | None, str, bool, str | None]] = {
    "user": ("user", None, "all", True, None),
    "picture": ("user", None, "all", True, None),
    "attach": ("user", None, "all", True, None),
    "voice": ("user", None, "all", True, None),
    "compare": ("user", None, "all", True, None),
    "context": ("user", None, "all", False, None),
    "system": ("system", None, "all", False, None),
    "assistant": ("assistant", None, "all", True, None),
    "spoken": ("assistant", None, "all", True, None),
    "thoughts": ("assistant", None, "all", True, None),
    "recap": ("assistant", None, "all", True, None),
    "python": ("assistant", None, "python", False, "tool_calls"),
    "browse": ("assistant", None, "browser", False, "tool_calls"),
    "call": ("assistant", None, "", False, "tool_calls"),
    "output": ("tool", "python", "all", False, "tool_results"),
    "failed": ("tool", "python", "all", False, "tool_results"),
    "listing": ("tool", "browser", "all", False, "tool_results"),
    "quote": ("tool", "browser", "all", False, "tool_results"),
    "tool": ("tool", "", "all", False, "tool_results"),
    "drawing": ("tool", "dalle.text2im", "all", True, None),
}


def conversation(story: Story) -> tuple[dict[str, Any], Counter[str]]:
    """The conversation of a story and what was put into it, counted by kind."""
    name = story.head.get("same_as", story.name)
    steps = story.steps
    if any(step.parent == "sys" for step in steps):
        steps = [Step("sys", "root", "system", 0, {}), *steps]
    seconds = times(story, {"user": 75})
    ids = {step.label: stable_id("chatgpt", name, step.label) for step in steps} | {"root": ROOT}
    head = _head(story, stable_id("chatgpt", name), max(seconds.values(), default=story.start()))
    if "quarantined" in story.head:
        return {key: head[key] for key in LEFT_OF_A_CORRUPTED_ONE}, Counter()
    mapping: dict[str, Any] = {ROOT: {"id": ROOT, "message": None, "parent": None, "children": []}}
    counts = Counter(nodes=1, structural=1)
    for step in steps:
        node_id, parent = ids[step.label], ids[step.parent]
        message = _message(step, story, ids, seconds.get(step.label))
        mapping[node_id] = {"id": node_id, "message": message, "parent": parent, "children": []}
        mapping[parent]["children"].append(node_id)
        counts.update(_counted(step))
    head["mapping"] = mapping
    head["current_node"] = ids[story.head.get("current", steps[-1].label)] if steps else ROOT
    counts["branch_points"] = sum(len(node["children"]) > 1 for node in mapping.values())
    return head, counts


def _head(story: Story, conv_id: str, last: float) -> dict[str, Any]:
    return {
        "title": story.head["title"],
        "create_time": story.start() + 0.123456,
        "update_time": last + 0.654321,
        "mapping": None,
        "moderation_results": [],
        "current_node": None,
        "plugin_ids": None,
        "conversation_id": conv_id,
        "conversation_template_id": None,
        "gizmo_id": None,
        "gizmo_type": None,
        "is_archived": False,
        "is_starred": None,
        "safe_urls": [],
        "blocked_urls": [],
        "default_model_slug": story.head["model"],
        "conversation_origin": None,
        "voice": None,
        "async_status": None,
        "disabled_tool_ids": [],
        "is_do_not_remember": False,
        "memory_scope": "global_enabled",
        "id": conv_id,
    }


def slim(conv: dict[str, Any]) -> dict[str, Any]:
    """The 2026 form of a conversation without hidden messages: nodes without children, messages bare."""
    bare = ("id", "author", "create_time", "content")
    mapping = {}
    for node_id, node in conv["mapping"].items():
        message = node["message"] and {key: node["message"][key] for key in bare}
        if message:
            message["author"] = {"role": message["author"]["role"]}
        mapping[node_id] = {"id": node_id, "parent": node["parent"], "message": message}
    return conv | {"mapping": mapping}


def _counted(step: Step) -> Counter[str]:
    _, _, _, visible, counter = KINDS[step.kind]
    counts = Counter({"nodes": 1, "messages": 1, "visible" if visible else "hidden": 1})
    if step.options.get("recipient", "").startswith(CANVAS):
        counter = "artifacts"
    if counter:
        counts[counter] += 1
    return counts


def _message(step: Step, story: Story, ids: dict[str, str], at: float | None) -> dict[str, Any]:
    role, name, recipient, _, _ = KINDS[step.kind]
    options = dict(step.options)
    metadata: dict[str, Any] = {"request_id": stable_id(story.name, step.label, "request")[:18]}
    if role == "assistant":
        metadata |= {
            "model_slug": story.head["model"],
            "default_model_slug": story.head["model"],
            "parent_id": ids[step.parent],
        }
    content, extra = content_of(step, options, ids)
    message: dict[str, Any] = {
        "id": ids[step.label],
        "author": {"role": role, "name": name, "metadata": {}},
        "create_time": at and at + (len(step.body) % 997) / 1000,
        "update_time": None,
        "content": content,
        "status": "finished_successfully",
        "end_turn": True if role == "assistant" and recipient == "all" else None,
        "weight": 0.0 if step.kind in ("system", "context") else 1.0,
        "metadata": metadata | extra,
        "recipient": recipient,
        "channel": None,
    }
    return _merged(message, options)


def _merged(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in over.items():
        both = isinstance(value, dict) and isinstance(base.get(key), dict)
        merged[key] = _merged(base[key], value) if both else value
    return merged


def feedback(stories: list[Story], user_id: str) -> list[dict[str, Any]]:
    """message_feedback.json of the 2024+ generation: one row a step that carries a rating."""
    rows = []
    for story in stories:
        at = times(story, {"user": 75})
        for step in story.steps:
            if "rating" in step.options:
                conv_id = stable_id("chatgpt", story.name)
                rows.append(
                    {
                        "id": stable_id("chatgpt", story.name, step.label),
                        "conversation_id": conv_id,
                        "user_id": user_id,
                        "rating": step.options["rating"],
                        "create_time": iso(at[step.label] + 30),
                        "workspace_id": None,
                        "content": json.dumps({"tags": []}),
                        "evaluation_name": None,
                        "evaluation_treatment": None,
                        "update_time": iso(at[step.label] + 30),
                    }
                )
    return rows
