"""Chatbot UI: one file with all conversations, linear."""

from __future__ import annotations

from markers.marks import Export, Marks

HAS_NO = {
    "branch": "a conversation is a list",
    "attachment": "files are not exported",
    "artifact": "the client makes no documents",
}


def exports() -> list[Export]:
    marks = Marks("chatbotui-history")
    hidden, asked = marks.of("client_injected", visible=False), marks.of("human")
    answer, tool = marks.of("model"), marks.of("tool")
    picture = {"type": "image_url", "image_url": {"url": f"https://a.example/{asked('main', 'image', 'payload')}"}}
    call = (
        f'<details type="tool_calls" id="c" name="search" arguments="&quot;{answer("tool call", "tool_call")}&quot;">'
        f"<summary>Done</summary>{answer('result', 'tool_result')}</details>"
    )
    talk = {
        "id": "talk",
        "name": marks.title(),
        "model": {"id": "m"},
        "prompt": hidden("hidden"),
        "temperature": 1,
        "folderId": None,
        "messages": [
            {"role": "user", "content": asked("main")},
            {"role": "assistant", "content": f"<think>{answer('thinking', 'thinking')}</think>{call}{answer('main')}"},
            {"role": "user", "content": [{"type": "text", "text": asked("main")}, picture]},
            {"role": "function", "content": tool("result")},
        ],
    }
    whole = {"version": 4, "history": [talk], "folders": [], "prompts": []}
    return [Export("chatbotui-history", {"chatbot_ui_history.json": whole}, marks, ("chatbotui-history",))]
