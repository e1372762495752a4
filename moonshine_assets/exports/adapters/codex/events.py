"""Events: mirrors of what the items say, except for what only they tell (EXPORT-FORMATS §14)."""

from __future__ import annotations

from typing import Any

from moonshine_assets.exports.adapters.codex.wire import Entry, texts_of
from moonshine_assets.exports.fields import as_json, count, flag, ident, items, mapping, rest, text_or_none
from moonshine_assets.exports.records import Block, Message
from moonshine_assets.exports.usage import usage_of

#: Events about the state of the client; what they name is said by other lines.
_STATE = frozenset(
    {
        "account/rateLimits/updated",
        "agent_message_delta",
        "agent_reasoning_delta",
        "agent_reasoning_section_break",
        "codex/event/raw_item",
        "context_compacted",
        "dynamic_tool_call_request",
        "entered_review_mode",
        "exec_command_begin",
        "exec_command_output_delta",
        "item_started",
        "mcp_list_tools_response",
        "mcp_startup_complete",
        "mcp_startup_update",
        "mcp_tool_call_begin",
        "patch_apply_begin",
        "plan_update",
        "session_configured",
        "shutdown_complete",
        "stream_error",
        "sub_agent_activity",
        "task_complete",
        "task_started",
        "thread_goal_updated",
        "thread_name_updated",
        "thread_rolled_back",
        "thread_settings_applied",
        "token_count",
        "turn.completed",
        "turn_aborted",
        "turn_complete",
        "turn_diff",
        "turn_started",
        "web_search_begin",
    }
)
_IDS = frozenset({"type", "call_id", "callId", "id", "turn_id", "turnId", "process_id", "thread_id"})
#: What the call or its result has as well.
_REPEATED = _IDS | {
    "aggregated_output",
    "arguments",
    "command",
    "cwd",
    "formatted_output",
    "invocation",
    "parsed_cmd",
    "result",
    "source",
    "stderr",
    "stdout",
}
_USAGE_NAMES = {
    "input": "input_tokens",
    "output": "output_tokens",
    "cache_read": "cached_input_tokens",
    "cache_write": "cache_write_input_tokens",
    "reasoning": "reasoning_output_tokens",
}


def call_id_of(entry: Entry) -> str | None:
    """The call an event tells of."""
    for body in (entry.body, entry.item):
        for key in ("call_id", "callId"):
            if found := ident(body.get(key)):
                return found
    return ident(entry.item.get("id")) if entry.type == "item_completed" else None


def details(entry: Entry) -> tuple[bool | None, dict[str, Any]]:
    """Whether the call failed, as far as the event says, and what only the event tells of it."""
    body = entry.item if entry.type == "item_completed" else entry.body
    code = body.get("exit_code")
    failed = code != 0 if isinstance(code, int) and not isinstance(code, bool) else None
    succeeded = flag(body.get("success"))
    result = mapping(body.get("result"))
    if failed is None and succeeded is not None:
        failed = not succeeded
    if failed is None and ("Ok" in result or "Err" in result):
        failed = "Err" in result or mapping(result.get("Ok")).get("isError") is True
    return failed, {
        key: value for key, value in body.items() if key not in _REPEATED and value not in (None, "", [], {})
    }


def usage_from(entry: Entry, known_total: Any) -> tuple[dict[str, int], Any]:
    """The usage of the answer before a token_count, and the running total; nothing when the total did not change."""
    info = mapping(entry.body.get("info"))
    total = info.get("total_token_usage")
    if total is not None and total == known_total:
        return {}, total
    stated = mapping(info.get("last_token_usage"))
    usage = usage_of(stated, _USAGE_NAMES)
    if "input" in usage:  # Codex counts what came from the cache as input too
        cached = (count(stated.get("cached_input_tokens")) or 0) + (count(stated.get("cache_write_input_tokens")) or 0)
        usage["input"] = max(usage["input"] - cached, 0)
    return usage, total


def message_of(entry: Entry, said: set[str]) -> Message | None:
    """What an event says that no item says; None for mirrors and for the client's state.

    `said` are the texts of the items; calls that have an item are not brought here.
    """
    kind = entry.type
    if kind in _STATE:
        return None
    item_type = text_or_none(entry.item.get("type")) if kind == "item_completed" else None
    if kind == "agent_message" or item_type == "AgentMessage":
        texts = texts_of(entry.item.get("content")) if item_type else _text(entry.body.get("message"))
        return _unsaid("text", texts, said)
    if kind in ("agent_reasoning", "agent_reasoning_raw_content") or item_type == "Reasoning":
        texts = _text(entry.body.get("text"))
        for key in ("summary_text", "raw_content"):
            texts += [text for item in items(entry.item.get(key)) for text in _text(item)]
        return _unsaid("thinking", texts, said)
    if item_type == "Plan":
        return _unsaid("text", _text(entry.item.get("text")), said)
    if kind in ("error", "warning"):
        told = _text(entry.body.get("message")) or _text(mapping(entry.body.get("error")).get("message"))
        return _client([Block("error", "\n".join(told) or None, payload=rest(entry.body, {"type", "message"}))])
    if kind == "exited_review_mode":
        return _client([Block("text", _review(entry) or None, payload=as_json(entry.body))], ["event_only"])
    return _client([Block("raw", payload=as_json(entry.body))], ["event_only"])


def _review(entry: Entry) -> str:
    output = mapping(entry.body.get("review_output"))
    found = [mapping(finding).get(key) for finding in items(output.get("findings")) for key in ("title", "body")]
    return "\n\n".join(text for told in (output.get("overall_explanation"), *found) for text in _text(told))


def _unsaid(kind: str, texts: list[str], said: set[str]) -> Message | None:
    new = [text for text in texts if text.strip() not in said]
    said.update(text.strip() for text in new)
    return Message("assistant", "model", [Block(kind, text) for text in new], flags=["event_only"]) if new else None


def _client(blocks: list[Block], flags: list[str] | None = None) -> Message:
    return Message("system", "client_injected", blocks, visible=False, flags=list(flags or []))


def _text(value: Any) -> list[str]:
    return [value] if isinstance(value, str) and value else []


def is_prompt(entry: Entry) -> bool:
    """An event that tells of a prompt."""
    return entry.type == "user_message" or entry.item.get("type") == "UserMessage"
