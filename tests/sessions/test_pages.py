"""What docs/moon.md promises: commands that are there, every key with its default, every doubt, every file."""

from __future__ import annotations

import re
import tomllib

import click
import msgspec

from moonshine_assets.cli.moon import main
from moonshine_assets.sessions.settings import Settings
from moonshine_assets.sessions.usage.reading import Doubt
from moonshine_resources.home import PROJECT_ROOT

PAGE = (PROJECT_ROOT / "docs" / "moon.md").read_text("utf-8")
POLICY = (PROJECT_ROOT / "docs" / "failure_policy.md").read_text("utf-8")


def test_the_file_on_the_page_has_every_key_with_its_default() -> None:
    shown = re.search(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    assert shown is not None
    told = tomllib.loads(shown[1])
    defaults = msgspec.to_builtins(Settings())
    assert msgspec.convert(told, Settings) == Settings()
    assert [(name, list(table)) for name, table in told.items()] == [(name, list(t)) for name, t in defaults.items()]


def test_the_commands_on_the_page_are_those_there_are() -> None:
    assert isinstance(main, click.Group)
    known = main.list_commands(click.Context(main))
    assert set(re.findall(r"`moon ([a-z-]+)[ `]", PAGE)) == set(known)
    assert all(main.get_command(click.Context(main), name) for name in known)


def test_every_doubt_is_explained() -> None:
    assert re.findall(r"^\| `([a-z_]+)` \|", PAGE, re.MULTILINE) == [doubt.value for doubt in Doubt]


def test_the_policy_names_settings_and_tests_that_exist() -> None:
    keys = {f"{section}.{key}" for section, table in msgspec.to_builtins(Settings()).items() for key in table}
    assert set(re.findall(r"`([a-z_]+\.[a-z]+_[a-z_]+)`", POLICY)) <= keys | {"test_state.py", "test_collect.py"}
    for name in re.findall(r"test_[a-z_]+\.py", POLICY):
        assert (PROJECT_ROOT / "tests" / "sessions" / name).exists()
