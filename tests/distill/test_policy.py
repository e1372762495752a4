"""Policies are typed, refuse what they do not know, and are known by what they say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from moonshine_assets.distill.policy import bundled, load
from moonshine_assets.errors import BadInput

DEFAULT = Path(load.__code__.co_filename).with_name("policies") / "default.toml"


def write(folder: Path, *changes: tuple[str, str], name: str = "mine.toml") -> Path:
    content = DEFAULT.read_text("utf-8")
    for old, new in changes:
        assert old in content
        content = content.replace(old, new, 1)
    path = folder / name
    path.write_text(content, "utf-8")
    return path


def test_every_bundled_policy_loads_under_its_file_name() -> None:
    assert {"default", "seed"} <= set(bundled())
    for name in bundled():
        assert re.fullmatch(rf"{name}-[0-9a-f]{{12}}", load(name).version)


def test_the_seed_policy_differs_from_the_default_by_its_band_alone() -> None:
    seed, default = load("seed"), load("default")
    assert (seed.band.kind, seed.band.low, seed.band.high) == ("absolute", 90_000_000, 110_000_000)
    assert (seed.answers, seed.lanes) == (default.answers, default.lanes)


def test_comments_and_layout_do_not_change_the_version(tmp_path: Path) -> None:
    path = write(tmp_path, ('name = "default"', '# a remark\n\nname   =   "default"'))
    assert load(path).version == load("default").version


def test_any_changed_value_changes_the_version(tmp_path: Path) -> None:
    path = write(tmp_path, ("minimum_tokens = 20", "minimum_tokens = 21"))
    assert load(path).version != load("default").version


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("minimum_human_turns = 2", "minimum_human_turn = 2", "did you mean the key 'minimum_human_turns'?"),
        ("[lanes.grpo]", "[lanes.grop]", "did you mean the key 'grpo'?"),
        ("head_characters = 250", "head_character = 250", "did you mean the key 'head_characters'?"),
        ("[answers]", "[answer]", "did you mean the key 'answers'?"),
    ],
)
def test_a_typo_in_a_key_is_refused_with_the_nearest_name(tmp_path: Path, old: str, new: str, expected: str) -> None:
    with pytest.raises(BadInput, match=re.escape(expected)):
        load(write(tmp_path, (old, new)))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("low = 0.05", "low = 2.0"),
        ("high = 1.0", "high = 1.5"),
        ("minimum_human_turns = 2", "minimum_human_turns = 0"),
        ("minimum_human_turns = 2", 'minimum_human_turns = "two"'),
        ("minimum_human_turns = 2\n", ""),
        ('verifiers = ["arithmetic_exact"', 'verifiers = ["arithmetic"'),
        ("maximum_calls = 150", "maximum_calls = 0"),
        ("balance_low = 0.40", "balance_low = 0.70"),
        (r"'\A\W*(?:no|nope|wrong)\b'", "'(unclosed'"),
        ('name = "default"', 'name = "../default"'),
        ("[band]", "[band"),
    ],
)
def test_a_value_out_of_bounds_is_refused(tmp_path: Path, old: str, new: str) -> None:
    with pytest.raises(BadInput):
        load(write(tmp_path, (old, new)))


@pytest.mark.parametrize("name", ["defualt", "absent.toml"])
def test_an_unknown_policy_is_refused(name: str) -> None:
    with pytest.raises(BadInput):
        load(name)


def test_only_a_bundled_policy_can_be_extended(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('extends = "other"\nname = "mine"\n', "utf-8")
    with pytest.raises(BadInput, match="not a bundled policy"):
        load(path)


def test_an_extending_policy_replaces_lists_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('extends = "default"\nname = "mine"\n[lanes.grpo]\nverifiers = ["json_object"]\n', "utf-8")
    grpo = load(path).lanes.grpo
    assert grpo.verifiers == ("json_object",)
    assert grpo.determinism_runs == load("default").lanes.grpo.determinism_runs
