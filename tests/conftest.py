"""What every folder of tests may use: a data home of its own, the one token counter, a filled home, a running UI."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, settings
from intake import Intake
from serving import Server, served
from terminal import SAMPLES, Ran, run_on_samples
from workers import ByFile

from moonshine_resources.home import Home
from moonshine_resources.tokenizer import TokenCounter, load

# How long an example takes says nothing on a shared machine.
settings.register_profile("moonshine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("moonshine")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home.at(tmp_path / "home")


@pytest.fixture
def intake(home: Home) -> Intake:
    return Intake(home)


@pytest.fixture(autouse=True)
def environment_is_put_back() -> Iterator[None]:
    """Loading a tokenizer and using a home set variables that the next test must not see."""
    with patch.dict(os.environ):
        yield


@pytest.fixture(scope="session")
def counter(tmp_path_factory: pytest.TempPathFactory) -> TokenCounter:
    with patch.dict(os.environ):
        return load(tmp_path_factory.mktemp("vocabulary"))


@pytest.fixture(scope="session")
def ran_home(tmp_path_factory: pytest.TempPathFactory, early: None) -> Ran:
    """A home, filled once by `moonshine run` on the bundled samples; tests that change it take a copy."""
    return run_on_samples(tmp_path_factory.mktemp("ran"))


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A running UI over a home into whose inbox a sample was dropped."""
    base = tmp_path_factory.mktemp("ui")
    home = Home.at(base / "home")
    home.inbox.mkdir(parents=True)
    with served(home, base / "ui.log") as server:
        server.until(server.answers)
        shutil.copy(SAMPLES / "claude-export.zip", home.inbox)
        yield server


@pytest.fixture(scope="session")
def early(request: pytest.FixtureRequest) -> None:
    """Sensors wait for their ticks: a server that is needed at all is started before the commands are tested."""
    if any("server" in getattr(item, "fixturenames", ()) for item in request.session.items):
        request.getfixturevalue("server")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFile:
    return ByFile(config, log)
