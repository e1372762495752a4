"""DeepSeek: account exports with fragments and before them, and saved answers of the site's interface."""

from __future__ import annotations

from typing import Any

from markers.marks import Export, Marks

HAS_NO = {
    "hidden": "nothing is put before the model that the export has",
    "artifact": "the site makes no documents",
}

_TIME = "2025-09-01T10:00:00.000000+08:00"


def exports() -> list[Export]:
    return [_account("deepseek-fragments"), _account("deepseek-plain"), _interface()]


def _account(shape: str) -> Export:
    """`conversations.json` in a zip with `user.json`; a regenerated answer makes the branch, the last node is shown."""
    marks = Marks(shape)
    asked, answer, away = marks.of("human"), marks.of("model"), marks.of("model", active=False)
    ask, reply = (_fragments_asked, _fragments) if shape == "deepseek-fragments" else (_plain_asked, _plain)
    said = away("branch")
    first: dict[str, Any] = {"fragments": [{"type": "RESPONSE", "content": said}]}
    if shape == "deepseek-plain":
        first = {"role": "assistant", "content": said}
    mapping = {
        "root": {"id": "root", "parent": None, "children": ["1"], "message": None},
        "1": _node("1", "root", ask(asked)),
        "2": _node("2", "1", first),
        "3": _node("3", "1", reply(answer)),
    }
    talk = {"id": "talk", "title": marks.title(), "inserted_at": _TIME, "updated_at": _TIME, "mapping": mapping}
    return Export(shape, {"conversations.json": [talk], "user.json": {"email": "x"}}, marks, (shape,))


def _node(name: str, parent: str, message: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": name,
        "parent": parent,
        "children": [],
        "message": {"files": [], "model": "deepseek-reasoner", "inserted_at": _TIME, **message},
    }


def _fragments_asked(asked: Any) -> dict[str, Any]:
    return {"fragments": [{"type": "REQUEST", "content": asked("main")}], "files": [_file(asked)]}


def _file(asked: Any) -> dict[str, Any]:
    return {"id": "f", "file_name": asked.file(), "file_size": 3, "content": asked("attachment", "file")}


def _fragments(answer: Any) -> dict[str, Any]:
    pages = [
        {
            "url": "https://a.example",
            "title": answer("result", "tool_result"),
            "snippet": answer("result", "tool_result"),
        }
    ]
    listed = [
        {"id": 1, "type": "SEARCH", "queries": [{"query": answer("tool call", "tool_call")}], "results": pages},
        {"id": 2, "type": "READ_LINK", "result": pages[:1], "content": answer("result", "tool_result")},
        {"id": 3, "type": "THINK", "content": answer("thinking", "thinking")},
        {
            "id": 4,
            "type": "RESPONSE",
            "content": answer("main"),
            "references": [{"title": answer("citation", "text", "payload")}],
        },
        {"id": 5, "type": "TEMPLATE_RESPONSE", "content": answer("error", "error")},
        {"id": 6, "type": "OF_TOMORROW", "content": answer("main", "raw")},
        {"id": 7, "type": "FILE", "file_name": answer.file(), "content": answer("attachment", "file")},
    ]
    return {"fragments": listed}


def _plain_asked(asked: Any) -> dict[str, Any]:
    return {"role": "user", "content": asked("main"), "files": [_file(asked)]}


def _plain(answer: Any) -> dict[str, Any]:
    return {
        "role": "assistant",
        "content": answer("main"),
        "reasoning_content": answer("thinking", "thinking"),
        "search_results": [{"url": "https://a.example", "title": answer("result", "tool_result")}],
        "tips": [{"content": answer("main", "raw", "payload")}],
    }


def _interface() -> Export:
    marks = Marks("deepseek-api")
    asked, answer, away = marks.of("human"), marks.of("model"), marks.of("model", active=False)
    rated = {"feedback": {"type": "like", "comment": marks.feedback()}}
    listed = [
        {"message_id": 1, "parent_id": None, "role": "USER", **_fragments_asked(asked)},
        {"message_id": 2, "parent_id": 1, "role": "ASSISTANT", **rated, **_fragments(answer)},
        {
            "message_id": 3,
            "parent_id": 1,
            "role": "ASSISTANT",
            "fragments": [{"type": "RESPONSE", "content": away("branch")}],
        },
    ]
    session = {"id": "talk", "title": marks.title(), "current_message_id": 2}
    data = {"code": 0, "data": {"biz_code": 0, "biz_data": {"chat_session": session, "chat_messages": listed}}}
    return Export("deepseek-api", {"history.json": data}, marks, ("deepseek-api",))
