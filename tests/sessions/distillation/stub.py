"""A server on loopback that answers as providers of language models do, by a script."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

#: The answer to a request: HTTP status and the text of the model. A number: seconds to wait for ever.
Reply = tuple[int, str] | float


class Stub:
    """What was asked for, and where."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.requests: list[dict[str, Any]] = []


@contextmanager
def language_model(reply: Callable[[str], Reply]) -> Iterator[Stub]:
    """Serve OpenAI's chat completions and Anthropic's messages; `reply` sees the transcript that was sent."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            stub.requests.append({"path": self.path, "body": body, "headers": dict(self.headers)})
            answer = reply(body["messages"][-1]["content"])
            if isinstance(answer, float):
                time.sleep(answer)
                return
            status, text = answer
            made: dict[str, Any]
            if self.path.endswith("/messages"):
                usage = {"input_tokens": 7, "output_tokens": 3}
                made = {"id": "m", "type": "message", "role": "assistant", "model": body["model"], "usage": usage}
                made |= {"content": [{"type": "text", "text": text}], "stop_reason": "end_turn"}
            else:
                message = {"role": "assistant", "content": text}
                made = {"id": "c", "object": "chat.completion", "created": 1, "model": body["model"]}
                made |= {"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}
            data = json.dumps(made if status == 200 else {"error": {"message": text}}).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    stub = Stub(server.server_address[1])
    Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield stub
    finally:
        server.shutdown()
        server.server_close()
