"""Writes a made-up ChatGPT export of any size: `python -m benchmarks.generate_chatgpt OUT.json --megabytes 200`.

Proportions follow real accounts: 10.5 kB of JSON and 2,600 characters of text a message, 70 messages a
conversation, so 500 MB hold about 671 conversations, 47,500 messages and 123 million characters. The same
seed gives the same bytes. One node is in memory at a time, whatever the size of the file.
"""

import argparse
import json
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from random import Random
from typing import Any, BinaryIO

from benchmarks.chatgpt.messages import Renderer, Wanted
from benchmarks.chatgpt.prose import Writer
from benchmarks.chatgpt.tree import TurnDeck, grow, new_id

MESSAGES_PER_CONVERSATION = 70.75
BYTES_PER_MESSAGE = 10_533
CHARS_PER_MESSAGE = 2_600
SHORT_BYTES_PER_MESSAGE = 800


@dataclass
class Written:
    """What a file holds so far (sizes in bytes and characters of text)."""

    conversations: int = 0
    messages: int = 0
    text_chars: int = 0
    json_bytes: int = 0


def generate(
    path: Path | str,
    megabytes: float = 200,
    seed: int = 7,
    short_messages: int = 0,
    ascii_only: bool = False,
) -> Written:
    """Write an export of about `megabytes` x 10^6 bytes, or of `short_messages` messages of about 800 bytes.

    ascii_only: escape everything beyond ASCII as \\uXXXX, as json.dumps does by default; otherwise four of
    seven conversations are escaped and the others are UTF-8.
    Returns what was written; raises OSError when the file cannot be written.
    """
    messages = short_messages or max(12, round(megabytes * 1e6 / BYTES_PER_MESSAGE))
    with Path(path).open("wb", buffering=1 << 20) as file:
        export = _Export(file, Random(seed), slim=bool(short_messages), ascii_only=ascii_only)
        export.write(messages)
        return export.written


class _Export:
    """A file being written, and what its conversations share."""

    def __init__(self, file: BinaryIO, rng: Random, slim: bool, ascii_only: bool) -> None:
        self._file = file
        self._rng = rng
        self._slim = slim
        self._ascii_only = ascii_only
        self._writer = Writer(rng)
        self._deck = TurnDeck(rng, plain=slim)
        self._asked_before: list[str] = []
        self.written = Written()

    def write(self, messages: int) -> None:
        """The array of conversations; most are short, a few are very long."""
        count = max(1, round(messages / MESSAGES_PER_CONVERSATION))
        sizes = list(accumulate(self._rng.lognormvariate(0, 0.9) for _ in range(count)))
        self._put("[")
        for size in sizes:
            self._put(", " if self.written.conversations else "")
            # Counted from what is written: the conversation before may have run over by a turn.
            until = round(messages * size / sizes[-1])
            self._write_conversation(max(2, until - self.written.messages))
        self._put("]")

    def _write_conversation(self, size: int) -> None:
        rng, written = self._rng, self.written
        generation = 2024 if written.conversations % 5 in (1, 3) else 2025
        escaped = self._ascii_only or written.conversations % 7 % 2 == 0
        start = rng.uniform(1.705e9, 1.735e9) if generation == 2024 else rng.uniform(1.736e9, 1.763e9)
        topic = self._writer.topic(rng)
        renderer = Renderer(rng, self._writer, topic, generation, round(start, 6), self._asked_before)
        nodes = grow(rng, self._deck, size, generation)
        title = self._writer.title(rng, topic)
        head = {"title": title, "create_time": renderer.clock, "update_time": start + 86_400.0}
        self._put(json.dumps(head, ensure_ascii=escaped)[:-1] + ', "mapping": {')
        for position, node in enumerate(nodes):
            entry, chars = renderer.render(node, self._wanted())
            separator = ", " if position else ""
            self._put(f'{separator}"{node.id}": {json.dumps(entry, ensure_ascii=escaped)}')
            written.text_chars += chars
            written.messages += node.kind != "root"
        written.conversations += 1
        rest = _conversation_fields(rng, generation, nodes[-1].id, renderer.model)
        self._put("}, " + json.dumps(rest, ensure_ascii=escaped)[1:])

    def _put(self, text: str) -> None:
        data = text.encode()
        self.written.json_bytes += len(data)
        self._file.write(data)

    def _wanted(self) -> Wanted:
        """Steers towards the promised proportions: what is missing so far is asked of the next messages."""
        if self._slim:
            return Wanted(1.0, 0, slim=True)
        due = self.written.messages + 1
        missing_chars = due * CHARS_PER_MESSAGE - self.written.text_chars
        missing_bytes = due * BYTES_PER_MESSAGE - self.written.json_bytes
        factor = 1.2 + missing_chars / (CHARS_PER_MESSAGE * 20)
        return Wanted(min(3.0, max(0.3, factor)), min(250_000, max(1_000, missing_bytes)))


def _conversation_fields(rng: Random, generation: int, leaf: str, model: str) -> dict[str, Any]:
    """The keys after `mapping`: 15 in all in 2024, 23 in 2025."""
    conversation_id = new_id(rng)
    fields: dict[str, Any] = {
        "moderation_results": [],
        "current_node": leaf,
        "plugin_ids": None,
        "conversation_id": conversation_id,
        "conversation_template_id": None,
        "gizmo_id": f"g-{rng.getrandbits(45):x}" if rng.random() < 0.08 else None,
        "is_archived": rng.random() < 0.1,
        "safe_urls": [],
        "default_model_slug": model,
        "conversation_origin": None,
    }
    if generation == 2025:
        fields |= {
            "gizmo_type": None,
            "is_starred": None,
            "voice": None,
            "async_status": None,
            "disabled_tool_ids": [],
            "is_do_not_remember": False,
            "memory_scope": "global_enabled",
            "blocked_urls": [],
        }
    return {**fields, "id": conversation_id}


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.generate_chatgpt", description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--megabytes", type=float, default=200)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--short-messages", type=int, default=0, metavar="N", help="N short messages instead of a size")
    parser.add_argument("--ascii", action="store_true", help="escape everything beyond ASCII")
    options = parser.parse_args()
    written = generate(options.out, options.megabytes, options.seed, options.short_messages, ascii_only=options.ascii)
    print(json.dumps(vars(written)))


if __name__ == "__main__":
    main()
