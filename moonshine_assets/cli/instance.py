"""The Dagster instance of a data home: the project's dagster.yaml with its storage in `<home>/dagster`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml
from dagster import DagsterInstance

from moonshine_assets.cli.event_storage import quick_commits
from moonshine_resources.atomic import write_text
from moonshine_resources.home import ENVIRONMENT, PROJECT_ROOT, Home

_SETTINGS = PROJECT_ROOT / "dagster.yaml"
_RELATIVE_STORAGE = "data/dagster"
#: Set by this module, to tell its own DAGSTER_HOME from one the user chose.
_OWN = "MOONSHINE_SET_DAGSTER_HOME"


def use_home(home: Home) -> None:
    """Point this process and its children at `home` and at its Dagster instance.

    A DAGSTER_HOME the user has set is kept; otherwise it becomes `<home>/dagster`, with the project's settings.
    """
    os.environ[ENVIRONMENT] = str(home.root)
    if os.environ.get("DAGSTER_HOME") and not os.environ.get(_OWN):
        return
    home.dagster.mkdir(parents=True, exist_ok=True)
    settings = yaml.safe_dump(_rebased(yaml.safe_load(_SETTINGS.read_text("utf-8")), home.dagster), sort_keys=False)
    target = home.dagster / "dagster.yaml"
    if not target.exists() or target.read_text("utf-8") != settings:
        write_text(target, settings)
    os.environ["DAGSTER_HOME"] = str(home.dagster)
    os.environ[_OWN] = "1"


def _rebased(value: Any, storage: Path) -> Any:
    """The settings with the project's relative storage folder replaced by the home's absolute one."""
    if isinstance(value, dict):
        return {key: _rebased(item, storage) for key, item in value.items()}
    if isinstance(value, str) and (value == _RELATIVE_STORAGE or value.startswith(_RELATIVE_STORAGE + "/")):
        return str(storage) + value.removeprefix(_RELATIVE_STORAGE)
    return value


@contextmanager
def open_instance() -> Iterator[DagsterInstance]:
    """The instance `use_home` pointed at."""
    with quick_commits(), DagsterInstance.get() as instance:
        yield instance
