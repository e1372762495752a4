"""In: text, or a buffer of UTF-8 of any size. Out: its number of o200k_base tokens.

Always holds: the number is the one `tiktoken` gives, whichever library counted, and no network is touched.
"""

from __future__ import annotations

from moonshine_resources.tokenizer.counter import TokenCounter, load

__all__ = ["TokenCounter", "load"]
