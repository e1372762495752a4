"""The baseline: what a user would write in an afternoon to load a ChatGPT export and count its tokens.

`python -m benchmarks.plain_script EXPORT.json [--database OUT.sqlite]` prints one JSON object with
conversations, messages, raw_tokens, content_tokens, seconds, cpu_seconds and peak_rss_mb.

It is meant to be fair: `json.load`, tiktoken, sqlite3, one pass, nothing slowed down. One thing is kinder to
it than the obvious script: tiktoken is fed the file in slices of 16 MB, because encoding a file of gigabytes
in one call builds a list of hundreds of millions of integers (over 10 GB). Slices end where a split does not
change the tokens (before a space after a letter; after a newline that neither blank nor "/" follows).
The vocabulary is read from TIKTOKEN_CACHE_DIR, or written to a scratch folder first when that is not set.
"""

import argparse
import json
import os
import re
import resource
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

import tiktoken

from moonshine_resources.tokenizer.vocabulary import materialise

SLICE_CHARS = 16_000_000
EXACT_SPLIT = re.compile(r"(?<=[A-Za-z])(?= )|(?<=\n)(?=[^\s/])")
SPLIT_REACH = 20_000

TABLES = """
create table conversations (id text, title text, created real, updated real, messages integer);
create table messages (conversation text, id text, parent text, role text, text text, tokens integer);
"""


def slices(file: TextIO, size: int = SLICE_CHARS) -> Iterator[str]:
    """The text of the file in pieces of about `size` characters whose tokens add up to those of the whole.

    A piece grows until there is a place where a split is exact, so text without one comes in one piece.
    """
    held = ""
    while read := file.read(size):
        held += read
        places = [match.start() for match in EXACT_SPLIT.finditer(held, max(0, len(held) - SPLIT_REACH))]
        if places:
            yield held[: places[-1]]
            held = held[places[-1] :]
    if held:
        yield held


def content_text(content: dict[str, Any]) -> str:
    """The text of a message: its parts, else its `text`, else its thoughts; "" when it has none."""
    if "parts" in content:
        parts = [part if isinstance(part, str) else (part or {}).get("text") for part in content["parts"] or []]
        return "\n".join(part for part in parts if isinstance(part, str))
    if "thoughts" in content:
        return "\n".join(f"{thought['summary']}\n{thought['content']}" for thought in content["thoughts"])
    return content.get("text") or ""


def run(export: Path, database: Path) -> dict[str, float]:
    """Count the tokens of the file and of each message, and store conversations and messages in SQLite."""
    encoding = tiktoken.get_encoding("o200k_base")
    with export.open(encoding="utf-8", newline="") as file:  # newline="": count line ends as they stand
        raw_tokens = sum(len(encoding.encode_ordinary(piece)) for piece in slices(file))
    with export.open(encoding="utf-8") as file:
        conversations = json.load(file)
    connection = sqlite3.connect(database)
    connection.executescript(TABLES)
    messages = content_tokens = 0
    for conversation in conversations:
        key = conversation.get("conversation_id") or conversation.get("id")
        rows = []
        for node_id, node in conversation["mapping"].items():
            message = node.get("message")
            if not message:
                continue
            text = content_text(message["content"])
            tokens = len(encoding.encode_ordinary(text))
            content_tokens += tokens
            rows.append((key, node_id, node.get("parent"), message["author"]["role"], text, tokens))
        connection.execute(
            "insert into conversations values (?, ?, ?, ?, ?)",
            (
                key,
                conversation.get("title"),
                conversation.get("create_time"),
                conversation.get("update_time"),
                len(rows),
            ),
        )
        connection.executemany("insert into messages values (?, ?, ?, ?, ?, ?)", rows)
        messages += len(rows)
    connection.commit()
    connection.close()
    return {
        "conversations": len(conversations),
        "messages": messages,
        "raw_tokens": raw_tokens,
        "content_tokens": content_tokens,
    }


def _peak_rss_kilobytes() -> int:
    """VmHWM of this process; ru_maxrss would include what the launching process held before exec."""
    status = Path("/proc/self/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+)", status)[1])  # type: ignore[index]


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.plain_script", description=__doc__)
    parser.add_argument("export", type=Path)
    parser.add_argument("--database", type=Path, help="keep the SQLite file here")
    options = parser.parse_args()
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as scratch:
        if "TIKTOKEN_CACHE_DIR" not in os.environ:
            materialise(Path(scratch))
        counts = run(options.export, options.database or Path(scratch) / "export.sqlite")
    usage = resource.getrusage(resource.RUSAGE_SELF)
    counts |= {
        "seconds": round(time.perf_counter() - started, 3),
        "cpu_seconds": round(usage.ru_utime + usage.ru_stime, 3),
        "peak_rss_mb": round(_peak_rss_kilobytes() / 1024, 1),
    }
    print(json.dumps(counts))


if __name__ == "__main__":
    main()
