"""A language model for tests: a loopback server that speaks the three wire formats the agents use, answers with a fixed
text, counts what it was sent, and keeps every request.

`/v1/chat/completions` (OpenAI-compatible, OpenClaw), `/v1/responses` (Codex), `/v1/messages` (Claude Code), all as
server-sent events when asked for. It reports as usage the size of a request at four bytes a token, or `usage` if set.
"""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

ANSWER = "Noted. I will go on from here."
#: What OpenClaw asks a summary of a session to consist of; it refuses one without them.
_SECTIONS = ("Decisions", "Open TODOs", "Constraints/Rules", "Pending user asks", "Exact identifiers")
_BYTES_PER_TOKEN = 4


class Request(NamedTuple):
    """A request as it arrived; `text` is all text in it."""

    path: str
    body: dict[str, Any]
    text: str

    @property
    def tokens(self) -> int:
        return len(self.text) // _BYTES_PER_TOKEN


class ModelServer:
    """The running server. `usage`: tokens it says a request had, None: those it has; `answer` is what it says; `call`:
    a tool and its arguments, which the next answer over `/v1/messages` to a request with tools calls, once."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.usage: int | None = None
        self.answer = ANSWER
        self.call: tuple[str, dict[str, Any]] | None = None
        self._ids = itertools.count(1)
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._http.daemon_threads = True

    @property
    def port(self) -> int:
        return int(self._http.server_address[1])

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def last(self, path: str = "") -> Request:
        """The newest request to a path."""
        return next(request for request in reversed(self.requests) if path in request.path)

    def reply(self, request: Request) -> list[tuple[str | None, Any]] | dict[str, Any]:
        """The answer to a request: events to stream, or one object."""
        used = request.tokens if self.usage is None else self.usage
        said, number = self.answer, next(self._ids)
        if all(section in request.text for section in _SECTIONS) and not request.body.get("tools"):
            said = "\n\n".join(f"## {section}\n{self.answer}" for section in _SECTIONS)
        if request.path.endswith("/chat/completions"):
            return _chat(number, used, said, bool(request.body.get("stream")), str(request.body.get("model")))
        if request.path.endswith("/responses"):
            return _responses(number, used, said)
        if request.path.endswith("/messages"):
            call = None
            if request.body.get("tools"):
                call, self.call = self.call, None
            return _messages(number, used, said, str(request.body.get("model")), bool(request.body.get("stream")), call)
        if request.path.endswith("/count_tokens"):
            return {"input_tokens": used}
        return {"data": [], "models": []}

    def serve(self) -> None:
        self._http.serve_forever(poll_interval=0.05)

    def stop(self) -> None:
        self._http.shutdown()
        self._http.server_close()


@contextmanager
def model_server() -> Iterator[ModelServer]:
    server = ModelServer()
    thread = threading.Thread(target=server.serve, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.stop()
        thread.join()


def texts_of(value: Any) -> Iterator[str]:
    """Every text in a request, in its order."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from texts_of(item)
    elif isinstance(value, list):
        for item in value:
            yield from texts_of(item)


def _handler(server: ModelServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._send("application/json", json.dumps({"data": [], "models": []}).encode())

        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            body = json.loads(raw) if raw.strip() else {}
            request = Request(self.path.partition("?")[0], body, "\n".join(texts_of(body)))
            server.requests.append(request)
            answer = server.reply(request)
            if isinstance(answer, dict):
                self._send("application/json", json.dumps(answer).encode())
            else:
                self._send("text/event-stream", b"".join(_event(name, data) for name, data in answer))

        def _send(self, kind: str, body: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            """Requests are kept, not printed."""

    return Handler


def _event(name: str | None, data: Any) -> bytes:
    text = data if isinstance(data, str) else json.dumps(data)
    return (f"event: {name}\n" if name else "").encode() + f"data: {text}\n\n".encode()


def _chat(number: int, used: int, said: str, stream: bool, model: str) -> Any:
    out = len(said) // _BYTES_PER_TOKEN
    usage = {"prompt_tokens": used, "completion_tokens": out, "total_tokens": used + out}
    head = {"id": f"chat-{number}", "created": 1, "model": model}
    if not stream:
        choice = {"index": 0, "message": {"role": "assistant", "content": said}, "finish_reason": "stop"}
        return {**head, "object": "chat.completion", "choices": [choice], "usage": usage}

    def chunk(delta: dict[str, Any], finish: str | None = None, **more: Any) -> tuple[None, dict[str, Any]]:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        return None, {**head, "object": "chat.completion.chunk", "choices": [choice], **more}

    return [
        chunk({"role": "assistant", "content": said}),
        chunk({}, "stop"),
        (None, {**head, "object": "chat.completion.chunk", "choices": [], "usage": usage}),
        (None, "[DONE]"),
    ]


def _responses(number: int, used: int, said: str) -> list[tuple[str | None, Any]]:
    out = len(said) // _BYTES_PER_TOKEN
    name = f"resp_{number}"
    item = {
        "type": "message",
        "role": "assistant",
        "id": f"msg_{number}",
        "content": [{"type": "output_text", "text": said}],
    }
    usage = {
        "input_tokens": used,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": out,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": used + out,
    }
    events = [
        {"type": "response.created", "response": {"id": name}},
        {"type": "response.output_item.done", "output_index": 0, "item": item},
        {"type": "response.completed", "response": {"id": name, "usage": usage}},
    ]
    return [(str(event["type"]), event) for event in events]


def _messages(
    number: int, used: int, said: str, model: str, stream: bool, call: tuple[str, dict[str, Any]] | None
) -> Any:
    out = len(said) // _BYTES_PER_TOKEN
    usage = {
        "input_tokens": used,
        "output_tokens": out,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0,
    }
    message = {"id": f"msg_{number}", "type": "message", "role": "assistant", "model": model}
    ended = {"stop_reason": "tool_use" if call else "end_turn", "stop_sequence": None}
    if not stream:
        return {**message, "content": [{"type": "text", "text": said}], **ended, "usage": usage}
    begun = {**message, "content": [], "stop_reason": None, "stop_sequence": None, "usage": usage}
    if call is not None:
        block: dict[str, Any] = {"type": "tool_use", "id": f"toolu_{number}", "name": call[0], "input": {}}
        part: dict[str, Any] = {"type": "input_json_delta", "partial_json": json.dumps(call[1])}
    else:
        block, part = {"type": "text", "text": ""}, {"type": "text_delta", "text": said}
    events = [
        {"type": "message_start", "message": begun},
        {"type": "content_block_start", "index": 0, "content_block": block},
        {"type": "content_block_delta", "index": 0, "delta": part},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": ended, "usage": {"output_tokens": out}},
        {"type": "message_stop"},
    ]
    return [(str(event["type"]), event) for event in events]
