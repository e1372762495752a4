"""Deep research: the report stands in a JSON string in the metadata of a hidden message (EXPORT-FORMATS §2.6)."""

from __future__ import annotations

from moonshine_assets.errors import Unreadable
from moonshine_assets.exports.adapters.chatgpt.parts import pieces_of
from moonshine_assets.exports.adapters.chatgpt.wire import as_text
from moonshine_assets.exports.decode import compact_json, decode
from moonshine_assets.exports.records import Block


def report_blocks(chatgpt_sdk: object) -> list[Block]:
    """The report as one artifact block; a state that is not JSON is kept raw; no report, no block."""
    state = chatgpt_sdk.get("widget_state") if isinstance(chatgpt_sdk, dict) else None
    if isinstance(state, str):
        try:
            state, _ = decode(state.encode(), object)
        except Unreadable:
            return [Block("raw", payload=compact_json({"widget_state": state}))]
    report = state.get("report_message") if isinstance(state, dict) else None
    if report is None:
        return []
    text = _report_text(report)
    if text is None:
        return [Block("raw", payload=compact_json({"report_message": report}))]
    return [Block("artifact", text=text)]


def _report_text(report: object) -> str | None:
    """The text of a report that is a string, a content object, or a message around one."""
    content = report
    if isinstance(report, dict) and report.get("content") is not None:
        content = report["content"]
    if isinstance(content, dict):
        pieces = pieces_of(content, [])
        return "\n".join(piece for piece in pieces or () if isinstance(piece, str)) or None
    return as_text(content)
