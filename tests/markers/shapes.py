"""The shapes that a provider's adapter can report, read from its source: nothing else lists them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from moonshine_assets.exports import adapters

#: Strings that begin as shapes do and name something else.
_OTHERS = frozenset({"openclaw-agent.sqlite", "openclaw-trajectory"})


def stated_shapes(provider: str) -> set[str]:
    """Patterns of shapes: strings `<provider>-…` of the adapter, what is put into them at run time as `.+`."""
    home = Path(adapters.__file__).parent
    files = sorted((home / provider).glob("*.py")) or [home / f"{provider}.py"]
    found: set[str] = set()
    for file in files:
        for text in _strings(ast.parse(file.read_text("utf-8"))):
            if re.fullmatch(rf"{provider}-(?:[\w.-]|\.\+)+", text) and text not in _OTHERS:
                found.add(text)
    return found


def _strings(tree: ast.AST) -> Iterator[str]:
    """Every string, a formatted one as a pattern."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        elif isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else ".+" for part in node.values)


def without_version(shape: str) -> str:
    """The shape of a log that bears the version of its agent: one version stands for all."""
    return re.sub(r"-\d+\.\d+$", "-version", shape)
