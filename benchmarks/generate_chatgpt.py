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
from benchmarks.chatgpt.tree import grow, new_id

MESSAGES_PER_CONVERSATION = 70.75
BYTES_PER_MESSAGE = 10_533
CHARS_PER_MESSAGE = 2_600
SHORT_BYTES_PER_MESSAGE = 800
ESCAPED_SHARE = 0.6  # conversations written as ASCII with \uXXXX, as json.dumps does by default


@dataclass
class Written:
    """What a file holds so far (sizes in bytes and characters of text)."""

    conversations: int = 0
    messages: int = 0
    text_chars: int = 0
    json_bytes: int = 0


def generate(path: Path | str, megabytes: float = 200, seed: int = 7, short_messages: int = 0) -> Written:
    """Write an export of about `megabytes` x 10^6 bytes, or of `short_messages` messages of about 800 bytes.

    Returns what was written; raises OSError when the file cannot be written.
    """
    rng = Random(seed)
    writer = Writer(rng)
    written = Written()
    messages = short_messages or max(12, round(megabytes * 1e6 / BYTES_PER_MESSAGE))
    asked_before: list[str] = []
    with Path(path).open("wb", buffering=1 << 20) as file:
        _put(file, written, "[")
        for until in _conversation_ends(rng, messages):
            _put(file, written, ", " if written.conversations else "")
            size = until - written.messages  # the last conversation may have run over by a turn
            _write_conversation(file, rng, writer, size, written, asked_before, slim=bool(short_messages))
        _put(file, written, "]")
    return written


def _conversation_ends(rng: Random, messages: int) -> list[int]:
    """Running totals of messages after each conversation: most are short, a few are very long."""
    count = max(1, round(messages / MESSAGES_PER_CONVERSATION))
    sizes = list(accumulate(rng.lognormvariate(0, 0.9) for _ in range(count)))
    return [round(messages * size / sizes[-1]) for size in sizes]


def _write_conversation(
    file: BinaryIO,
    rng: Random,
    writer: Writer,
    size: int,
    written: Written,
    asked_before: list[str],
    slim: bool,
) -> None:
    generation = 2025 if rng.random() < 0.6 else 2024
    escaped = rng.random() < ESCAPED_SHARE
    start = rng.uniform(1.705e9, 1.735e9) if generation == 2024 else rng.uniform(1.736e9, 1.763e9)
    topic = writer.topic(rng)
    renderer = Renderer(rng, writer, topic, generation, round(start, 6), asked_before)
    nodes = grow(rng, size, generation, plain=slim)
    head = {"title": writer.title(rng, topic), "create_time": renderer.clock, "update_time": start + 86_400.0}
    _put(file, written, json.dumps(head, ensure_ascii=escaped)[:-1] + ', "mapping": {')
    for position, node in enumerate(nodes):
        entry, chars = renderer.render(node, _wanted(written, slim))
        separator = ", " if position else ""
        _put(file, written, f'{separator}"{node.id}": {json.dumps(entry, ensure_ascii=escaped)}')
        written.text_chars += chars
        written.messages += node.kind != "root"
    written.conversations += 1
    rest = _conversation_fields(rng, generation, nodes[-1].id, renderer.model)
    _put(file, written, "}, " + json.dumps(rest, ensure_ascii=escaped)[1:])


def _put(file: BinaryIO, written: Written, text: str) -> None:
    data = text.encode()
    written.json_bytes += len(data)
    file.write(data)


def _wanted(written: Written, slim: bool) -> Wanted:
    """Steers towards the promised proportions: what is missing so far is asked of the next messages."""
    if slim:
        return Wanted(1.0, 0, slim=True)
    missing_chars = (written.messages + 1) * CHARS_PER_MESSAGE - written.text_chars
    missing_bytes = (written.messages + 1) * BYTES_PER_MESSAGE - written.json_bytes
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
    options = parser.parse_args()
    written = generate(options.out, options.megabytes, options.seed, options.short_messages)
    print(json.dumps(vars(written)))


if __name__ == "__main__":
    main()
