"""Google AI Studio: a prompt file."""

from __future__ import annotations

from typing import Any

from markers.marks import Export, Marks

HAS_NO = {"branch": "a prompt that was branched is a file of its own", "artifact": "the studio makes no documents"}


def exports() -> list[Export]:
    marks = Marks("aistudio")
    hidden, asked, answer = marks.of("client_injected"), marks.of("human"), marks.of("model")
    typed = marks.of("human", visible=False)
    prompt = {
        "runSettings": {"model": "models/gemini"},
        "systemInstruction": {"parts": [{"text": hidden("hidden")}]},
        "chunkedPrompt": {
            "chunks": [
                {"role": "user", "text": asked("main")},
                {"role": "user", "driveDocument": {"id": "d", "name": asked.file()}},
                {"role": "model", "text": answer("thinking", "thinking"), "isThought": True},
                _answer(answer),
            ],
            "pendingInputs": [{"role": "user", "text": typed("hidden")}],
        },
    }
    return [Export("aistudio", {"A prompt": prompt}, marks, ("aistudio",))]


def _answer(answer: Any) -> dict[str, Any]:
    said = answer("main")
    parts = [
        {"text": answer("thinking", "thinking"), "thought": True},
        {"executableCode": {"language": "PYTHON", "code": answer("tool call", "code")}},
        {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": answer("result", "tool_result")}},
        {"functionCall": {"name": "f", "args": {"q": answer("tool call", "tool_call")}}},
        {"functionResponse": {"name": "f", "response": {"output": answer("result", "tool_result")}}},
        {"ofTomorrow": {"text": answer("main", "raw", "payload")}},
        {"text": said},
    ]
    return {
        "role": "model",
        "text": said,
        "parts": parts,
        "errorMessage": answer("error", "error"),
        "grounding": {"sources": [{"title": answer("citation", "citation", "payload")}]},
    }
