"""The docs name every column, reason and key there is."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from moonshine_assets.distill.policy import Policy, load
from moonshine_assets.distill.waterfall import LEFT_OUT_REASONS
from moonshine_assets.lanes import build
from moonshine_assets.lanes.build import LANES
from moonshine_assets.lanes.columns import columns

PROJECT = Path(__file__).resolve().parents[2]
LANES_PAGE = (PROJECT / "docs" / "lanes.md").read_text("utf-8")
POLICY_PAGE = (PROJECT / "docs" / "policy.md").read_text("utf-8")


#: What a lane as a whole cannot hold.
DROPPED = ("same_as_another_row", "length_balance", "below_selection", "same_first_turn", "topic_cap")


def reasons() -> Iterator[str]:
    """Reasons in the lanes' code: what is given to Refused and _Stop, and what functions that say why return."""
    for path in Path(build.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("Refused", "_Stop"):
                yield from (arg.value for arg in node.args if isinstance(arg, ast.Constant))
            if path.stem in (*LANES, "pairs") and isinstance(node, ast.FunctionDef) and says_why(node):
                returned = (leaf for leaf in ast.walk(node) if isinstance(leaf, ast.Return) and leaf.value is not None)
                constants = (leaf.value for at in returned for leaf in ast.walk(at) if isinstance(leaf, ast.Constant))
                yield from (value for value in constants if isinstance(value, str) and value != "prompt_")


def says_why(function: ast.FunctionDef) -> bool:
    """Whether it returns a reason or None."""
    return function.returns is not None and ast.unparse(function.returns) == "str | None"


def keys(section: msgspec.Struct, prefix: str = "") -> Iterator[str]:
    for name in section.__struct_fields__:
        value = getattr(section, name)
        if isinstance(value, msgspec.Struct):
            yield from keys(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}"


@pytest.mark.parametrize("reason", sorted({*reasons(), *DROPPED}))
def test_every_reason_is_explained(reason: str) -> None:
    assert f"`{reason}`" in LANES_PAGE


@pytest.mark.parametrize("lane", LANES)
def test_every_column_is_explained(lane: str) -> None:
    assert [name for name in columns(lane) if f"`{name}`" not in LANES_PAGE] == []


@pytest.mark.parametrize("key", sorted(keys(load("default"))))
def test_every_policy_key_is_explained(key: str) -> None:
    assert f"`{key}`" in POLICY_PAGE or key.endswith(".label_confidence")


def test_every_waterfall_reason_is_explained() -> None:
    assert all(f"`{reason}`" in POLICY_PAGE for reason in LEFT_OUT_REASONS)


def test_the_example_policy_of_the_page_loads(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(POLICY_PAGE.split("```toml\n")[1].split("```")[0], "utf-8")
    policy: Policy = load(path)
    assert (policy.name, policy.lanes.dpo.minimum_tokens) == ("mine", 40)
