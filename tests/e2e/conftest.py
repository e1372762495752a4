"""One home, filled once by `moonshine run` on the bundled samples; tests that change it take a copy."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from serving import Server, served
from terminal import SAMPLES, Ran, ran_on_samples

from moonshine_resources.home import Home


@pytest.fixture(scope="session")
def ran_home(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    return ran_on_samples(tmp_path_factory.getbasetemp())


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


@pytest.fixture(scope="session", autouse=True)
def early(request: pytest.FixtureRequest) -> None:
    """Sensors wait for their ticks: a server that is needed at all is started before the other tests."""
    if any("server" in getattr(item, "fixturenames", ()) for item in request.session.items):
        request.getfixturevalue("server")
