"""One home, filled once by `moonshine run` on the bundled samples; tests that change it take a copy."""

from __future__ import annotations

import pytest
from terminal import Ran, ran_on_samples


@pytest.fixture(scope="session")
def ran_home(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    return ran_on_samples(tmp_path_factory.getbasetemp())
