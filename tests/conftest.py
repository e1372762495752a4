"""What every folder of tests may use: a data home of its own, and the one token counter."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings
from intake import Intake

from moonshine_resources.home import Home
from moonshine_resources.tokenizer import TokenCounter, load

# How long an example takes says nothing on a shared machine.
settings.register_profile("moonshine", deadline=None)
settings.load_profile("moonshine")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home.at(tmp_path / "home")


@pytest.fixture
def intake(home: Home) -> Intake:
    return Intake(home)


@pytest.fixture(scope="session")
def counter(tmp_path_factory: pytest.TempPathFactory) -> TokenCounter:
    return load(tmp_path_factory.mktemp("vocabulary"))
