"""raw_json_tokens: the tokens of an export's conversation JSON as it stands in its files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from moonshine_assets.exports.container import opened
from moonshine_assets.exports.split import mapped
from moonshine_resources.atomic import remove_tree
from moonshine_resources.tokenizer import TokenCounter


def raw_json_tokens(raw: Path, lock: dict[str, Any], work: Path, counter: TokenCounter) -> dict[str, int]:
    """Tokens of each conversation file of a secured export, by member name.

    Each figure equals one `encode_ordinary` over the whole file decoded as UTF-8 (TOKENS-FACTS §2).
    """
    tokens = {}
    try:
        with opened(raw, lock["source_path"]) as container:
            for name in lock["members"]:
                with mapped(container.on_disk(name, work)) as view:
                    tokens[name] = counter.count_utf8(view)
    finally:
        remove_tree(work)
    return tokens
