"""raw_json_tokens: the tokens of an export's conversation JSON as it stands in its files."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from moonshine_assets.exports.container import opened
from moonshine_assets.exports.packed_text import json_text_on_disk
from moonshine_assets.exports.register import kept_sha256
from moonshine_assets.exports.split import mapped
from moonshine_resources.atomic import read_json, remove_tree, write_json
from moonshine_resources.home import RunPaths
from moonshine_resources.tokenizer import TokenCounter


def raw_json_tokens(raw: Path, lock: dict[str, Any], work: Path, counter: TokenCounter) -> dict[str, int]:
    """Tokens of each conversation file of a secured export, by member name.

    Each figure equals one `encode_ordinary` over the whole file decoded as UTF-8 (TOKENS-FACTS §2).
    """
    tokens = {}
    try:
        with opened(raw, lock["source_path"]) as container:
            for name in lock["members"]:
                with mapped(json_text_on_disk(container, name, work)) as view:
                    tokens[name] = counter.count_utf8(view)
    finally:
        remove_tree(work)
    return tokens


@contextmanager
def counting_beside(run: RunPaths, raw: Path, lock: dict[str, Any], counter: TokenCounter) -> Iterator[None]:
    """Count the raw tokens in a thread while the export is read inside the block, and keep them for the ledger.

    The tokenizer lets go of the interpreter, which the reading does not: together they use both cores. Nothing is
    kept when the block fails.
    """
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="raw-tokens") as pool:
        counted: Future[dict[str, int]] = pool.submit(raw_json_tokens, raw, lock, run.raw_work, counter)
        yield
        write_json(run.raw_tokens, {**_identity(lock, counter), "tokens": counted.result()})


def kept_or_counted(run: RunPaths, raw: Path, lock: dict[str, Any], counter: TokenCounter) -> dict[str, int]:
    """The raw tokens `counting_beside` kept for these bytes and this tokenizer, else counted now."""
    if run.raw_tokens.exists():
        kept = read_json(run.raw_tokens)
        tokens: dict[str, int] = kept.pop("tokens")
        if kept == _identity(lock, counter) and list(tokens) == lock["members"]:
            return tokens
    return raw_json_tokens(raw, lock, run.raw_work, counter)


def _identity(lock: dict[str, Any], counter: TokenCounter) -> dict[str, str]:
    return {"source_sha256": kept_sha256(lock), **counter.identity()}
