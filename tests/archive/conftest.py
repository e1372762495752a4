from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from mash.runs import FIRST, SECOND, account, archive, merge, publish_run

from moonshine_assets.mash.merge import RunFacts
from moonshine_resources.home import Home


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, RunFacts]:
    """A home with one run merged and a second one archived and snapshotted for."""
    home = Home.at(tmp_path_factory.mktemp("prepared"))
    first = publish_run(home, account(3), FIRST)
    archive(home, first)
    merge(home, first)
    run = publish_run(home, account(3, first=2, updated=1), SECOND)
    archive(home, run)
    return home.root, run


@pytest.fixture
def second(home: Home, prepared: tuple[Path, RunFacts]) -> RunFacts:
    """That home, to be changed; the second run is not merged yet."""
    root, run = prepared
    shutil.copytree(root, home.root)
    return run._replace(database=home.run(SECOND).database)
