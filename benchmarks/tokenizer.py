"""CPU time of the token counter against tiktoken, on text generated here or on files named on the command line.

    python benchmarks/tokenizer.py [--megabytes N] [--cache-dir DIR] [FILE ...]

Both count the same slices in turn in one process, so a busy machine disturbs them alike; read the ratio, not
the milliseconds. Every slice is new text: repeating text would flatter the fast library, which remembers
pieces it has met. The counts are compared, and a difference ends the run with an error.
"""

from __future__ import annotations

import argparse
import base64
import json
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import tiktoken

from moonshine_resources.tokenizer import TokenCounter, load

SLICE_CHARACTERS = 250_000
TEXT_CHARACTERS = 4_000
LATIN, CYRILLIC, HAN = "etaoinshrdlucmfwypvbgk", "оеаинтсрвлкмдпуяы", "的一是不了在人有我他这中大来上国个到说们"


def vocabulary(draw: random.Random, letters: str, longest: int) -> tuple[list[str], list[float]]:
    """20,000 words and their weights, frequent ones first, as in natural language (Zipf)."""
    words = ["".join(draw.choices(letters, k=draw.randint(1, longest))) for _ in range(20_000)]
    return words, [1 / rank for rank in range(1, len(words) + 1)]


def prose(draw: random.Random, letters: str, longest: int, space: str) -> Iterator[str]:
    words, weights = vocabulary(draw, letters, longest)
    while True:
        sentence = space.join(draw.choices(words, weights, k=draw.randint(4, 20)))
        yield sentence.capitalize() + draw.choice([". ", ", ", "? ", ".\n\n", "; "])


def code(draw: random.Random) -> Iterator[str]:
    names, weights = vocabulary(draw, LATIN, 8)
    while True:
        a, b, c = draw.choices(names, weights, k=3)
        yield draw.choice(
            [
                f"    {a}_{b} = self.{c}({draw.randint(0, 9999)}, '{b}')\n",
                f"def {a}{b.title()}({c}: int) -> None:\n",
                f"        if {a} >= {b}[{c}] and not {c}: return {{'{a}': {b}}}\n",
                f"  // {a} {b} {c}\n\n",
            ]
        )


def raw_json(draw: random.Random) -> Iterator[str]:
    said = [prose(draw, LATIN, 9, " "), prose(draw, HAN, 3, ""), prose(draw, CYRILLIC, 9, " "), code(draw)]
    while True:
        text = "".join(next(draw.choice(said)) for _ in range(5))
        key = "-".join(f"{draw.getrandbits(32):08x}" for _ in range(4))
        node = {"id": key, "create_time": draw.random() * 2e9, "author": {"role": "user"}, "parts": [text]}
        yield json.dumps({key: node}, ensure_ascii=draw.random() < 0.6)


def odd(draw: random.Random) -> Iterator[str]:
    while True:
        yield draw.choice(
            [
                base64.b64encode(draw.randbytes(200)).decode(),
                draw.randbytes(100).hex(),
                " " * draw.randint(1, 300) + "\n",
                draw.choice("=-*#_a") * draw.randint(1, 300),
                "".join(chr(draw.randint(0x20, 0xD7FF)) for _ in range(50)),
            ]
        )


def slices(fragments: Iterator[str], characters: int) -> Iterator[list[str]]:
    """About `characters` of fresh text, in lists of texts of a few thousand characters each."""
    for _ in range(max(1, characters // SLICE_CHARACTERS)):
        texts = []
        for _ in range(SLICE_CHARACTERS // TEXT_CHARACTERS):
            parts, size = [], 0
            while size < TEXT_CHARACTERS:
                parts.append(next(fragments))
                size += len(parts[-1])
            texts.append("".join(parts))
        yield texts


def file_slices(path: Path) -> Iterator[list[str]]:
    text = path.read_text("utf-8", errors="replace")
    texts = [text[at : at + TEXT_CHARACTERS] for at in range(0, len(text), TEXT_CHARACTERS)]
    size = SLICE_CHARACTERS // TEXT_CHARACTERS
    return (texts[first : first + size] for first in range(0, len(texts), size))


def timed(count: Callable[[list[str]], list[int]], texts: list[str]) -> tuple[list[int], float]:
    began = time.process_time()
    counts = count(texts)
    return counts, time.process_time() - began


def compare(name: str, source: Iterator[list[str]], counter: TokenCounter) -> None:
    encoding = tiktoken.get_encoding("o200k_base")

    def plain(texts: list[str]) -> list[int]:
        return [len(encoding.encode_ordinary(text)) for text in texts]

    def fast(texts: list[str]) -> list[int]:
        return counter.count_many(texts)

    megabytes = plain_seconds = fast_seconds = 0.0
    tokens = 0
    for turn, texts in enumerate(source):
        if turn % 2:
            expected, slow = timed(plain, texts)
            counts, quick = timed(fast, texts)
        else:
            counts, quick = timed(fast, texts)
            expected, slow = timed(plain, texts)
        if counts != expected:
            raise SystemExit(f"{name}: the counts differ in slice {turn}")
        megabytes += sum(len(text.encode("utf-8", "surrogatepass")) for text in texts) / 1e6
        plain_seconds += slow
        fast_seconds += quick
        tokens += sum(counts)
    print(
        f"{name[:24]:24} {megabytes:8.2f} {tokens:12,} {1000 * plain_seconds / megabytes:10.1f} "
        f"{1000 * fast_seconds / megabytes:10.1f} {plain_seconds / fast_seconds:7.1f}x",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=Path, help="UTF-8 files to count instead of generated text")
    parser.add_argument("--megabytes", type=float, default=2, help="million characters per kind (default 2)")
    parser.add_argument("--cache-dir", type=Path, default=Path("data/cache/tiktoken"))
    options = parser.parse_args()
    began = time.process_time()
    counter = load(options.cache_dir)
    counter.count("The first text makes the fast library build its tables.")
    print(f"loading and first count: {time.process_time() - began:.1f} s of CPU time\n")
    print(f"{'text':24} {'MB':>8} {'tokens':>12} {'tiktoken':>10} {'counter':>10} {'ratio':>8}")
    print(f"{'':24} {'':>8} {'':>12} {'ms/MB':>10} {'ms/MB':>10}")
    characters = int(options.megabytes * 1e6)
    generated = {
        "prose, Latin": lambda draw: prose(draw, LATIN, 9, " "),
        "prose, Cyrillic": lambda draw: prose(draw, CYRILLIC, 9, " "),
        "prose, Chinese": lambda draw: prose(draw, HAN, 3, ""),
        "code": code,
        "raw JSON": raw_json,
        "odd": odd,
    }
    for path in options.files:
        compare(path.name, file_slices(path), counter)
    for seed, (name, kind) in enumerate(generated.items() if not options.files else ()):
        compare(name, slices(kind(random.Random(seed)), characters), counter)


if __name__ == "__main__":
    main()
