"""Gemini of Takeout: My Activity as JSON, and as a page; files stand beside it."""

from __future__ import annotations

from typing import Any

from markers.marks import Export, Marks

HAS_NO = {
    "branch": "a record is one prompt and its answer",
    "tool call": "what tools were asked is not exported",
    "result": "what tools found is not exported",
    "thinking": "thinking is not exported",
    "hidden": "what the model was told besides is not exported",
    "artifact": "documents are not exported",
}


def exports() -> list[Export]:
    return [_json(), _page()]


def _json() -> Export:
    marks = Marks("gemini-json")
    asked, answer, activity = marks.of("human"), marks.of("model"), marks.of("provider_injected")
    upload = asked.file()
    records = [
        {
            **_record(f"Prompted {asked('main')}"),
            "safeHtmlItem": [{"html": f"<p>{answer('main')} <b>{answer('main')}</b></p><pre>{answer('main')}</pre>"}],
            "subtitles": [{"name": asked("citation", "raw"), "url": "https://a.example"}],
            "attachedFiles": [{"name": f"{upload}.txt"}],
            "description": asked("main", "raw"),
            "imageFile": f"{asked.file()}.png",
        },
        {
            **_record(f"Asked Bard {asked('main')}"),
            "details": [{"name": "Request", "value": asked("main")}, {"name": "Response", "value": answer("main")}],
            "userInteractions": [{"userInteraction": {"request": asked("main"), "response": answer("main")}}],
        },
        _record(f"Gave feedback: {activity('main')}"),
    ]
    folder = "Takeout/My Activity/Gemini Apps"
    files: dict[str, Any] = {f"{folder}/MyActivity.json": records, f"{folder}/{upload}.txt": "abc"}
    return Export("gemini-json", files, marks, ("gemini-json",))


def _record(title: str) -> dict[str, Any]:
    return {"header": "Gemini Apps", "title": title, "time": "2026-03-02T08:15:00Z", "products": ["Gemini Apps"]}


def _page() -> Export:
    marks = Marks("gemini-html")
    asked, answer = marks.of("human"), marks.of("model")
    upload = asked.file()
    cell = (
        '<div class="outer-cell mdl-cell"><div class="mdl-grid"><div class="header-cell"><p>Gemini Apps<br></p></div>'
        f'<div class="content-cell mdl-cell">Prompted {asked("main")}<br>Attached 1 file.<br>'
        f'- <a href="{upload}.txt">{upload}.txt</a><br>Mar 2, 2026, 9:15:00 AM CET<br>'
        f"<p>{answer('main')}</p><ul><li>{answer('main')}</li></ul></div>"
        '<div class="content-cell mdl-typography--text-right"></div>'
        '<div class="content-cell mdl-typography--caption"><b>Products:</b><br>&emsp;Gemini Apps<br></div></div></div>'
    )
    return Export("gemini-html", {"MyActivity.html": f"<html><body>{cell}</body></html>"}, marks, ("gemini-html",))
