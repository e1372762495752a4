"""kill -9 at any moment, then the same command again: it completes, and what it made is what it would have made."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import signal
import subprocess
import time
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import dagster as dg
import pytest
from exporting import talks, write
from intake import query
from terminal import SAMPLES, Said, environment, heed_interrupts, moonshine, words_of

from moonshine_assets.exports.register import register
from moonshine_assets.ledger.record import COUNTERS
from moonshine_assets.mash.content import content_hash
from moonshine_assets.mash.schema import PLAIN, VERSIONED
from moonshine_assets.tables import TEXTS
from moonshine_resources.atomic import read_json
from moonshine_resources.duckdb import connect
from moonshine_resources.home import Home

SEED = 20261120
#: Seconds for which a killed moment may be waited for; a bound, not an expectation.
PATIENCE = 120
#: After the first sign of a stage the process lives on for up to this long, seconds.
LIVES_ON = {"provider_db": 0.6, "mash_merge": 0.3, "distil": 4.0}
DISTILLATION = re.compile(rb"main_\d{8}_\d{6}")


class Site(NamedTuple):
    """A home in which one export is registered, so that all its copies give the same run."""

    home: Home
    export: Path
    run_id: str

    def copy(self, name: str) -> Site:
        target = self.home.root.with_name(name)
        shutil.copytree(self.home.root, target)
        return self._replace(home=Home.at(target))


class Outcome(NamedTuple):
    """What a home holds that must not depend on kills."""

    rows: str
    merges: list[tuple[Any, ...]]
    counters: dict[str, int]
    files: dict[str, bytes]


SIGNS: dict[str, Callable[[Site], bool]] = {
    "provider_db": lambda site: site.home.run(site.run_id).database_draft.exists(),
    "mash_merge": lambda site: site.home.mash.exists(),
    "distil": lambda site: site.home.merge_manifest.exists(),
}


@pytest.fixture
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    base = tmp_path_factory.mktemp("killed")
    with zipfile.ZipFile(SAMPLES / "chatgpt-export.zip") as bundled:
        sample = json.loads(bundled.read("conversations.json"))
    # The sample fills the lanes, the random talks make the stages last long enough to be hit.
    export = write(base / "talks.json", [*sample, *talks(SEED, conversations=50, messages=40)])
    home = Home.at(base / "registered")
    registered = register(home, export, moment=datetime(2026, 1, 31, 12, tzinfo=UTC))
    return Site(home, export, registered.run_id)


def began(site: Site, stage: str) -> subprocess.Popen[str]:
    """The command in a process group of its own, at the moment a stage has begun."""
    process = subprocess.Popen(
        words_of("run", site.export, home=site.home),
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
        preexec_fn=heed_interrupts,
    )
    deadline = time.monotonic() + PATIENCE
    while not SIGNS[stage](site):
        assert process.poll() is None, f"ended before {stage} began"
        assert time.monotonic() < deadline
        time.sleep(0.002)
    return process


def killed(site: Site, stage: str, lives_on: float) -> Said:
    """Kill the command's whole process group a moment after a stage began; then run it again."""
    process = began(site, stage)
    time.sleep(lives_on)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    return moonshine("run", site.export, home=site.home)


def outcome(site: Site) -> Outcome:
    home = site.home
    with connect(home.mash, read_only=True) as connection:
        rows = content_hash(connection, (*VERSIONED, *PLAIN, TEXTS))
    merges = query(home.mash, "SELECT * EXCLUDE (merged_at) FROM store.merges ORDER BY ALL")
    ledger = read_json(home.token_ledger)
    files = {
        DISTILLATION.sub(b"main", str(path.relative_to(home.root)).encode()).decode(): DISTILLATION.sub(
            b"main", path.read_bytes()
        )
        for path in sorted(home.distillations.rglob("*.jsonl"))
    }
    return Outcome(rows, merges, {name: ledger[name] for name in COUNTERS}, files)


def left_behind(site: Site) -> list[str]:
    """Unfinished files: hidden ones, logs of databases, anything in the scratch folder."""
    inside = (path.relative_to(site.home.root) for path in site.home.root.rglob("*") if path.is_file())
    return [
        str(path)
        for path in inside
        if path.parts[0] not in ("dagster", "locks")
        and (path.name.startswith(".") or path.parts[0] == "work" or path.suffix == ".wal")
    ]


def unfinished_runs(site: Site) -> list[str]:
    """Runs the UI would show as running."""
    with dg.DagsterInstance.from_config(str(site.home.dagster)) as instance:
        ended = (dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE)
        return [f"{run.job_name} {run.status.name}" for run in instance.get_runs() if run.status not in ended]


def moments(seed: int, stages: list[str]) -> list[tuple[str, float]]:
    rng = random.Random(seed)
    return [(stage, rng.uniform(0, LIVES_ON[stage])) for stage in stages]


def check_kills(site: Site, kills: list[tuple[str, float]]) -> None:
    """Every kill leaves what a run leaves that nobody disturbs."""
    calm = site.copy("undisturbed")
    copies = [site.copy(f"{stage} {lives_on:.3f}") for stage, lives_on in kills]
    with ThreadPoolExecutor(2) as pool:
        undisturbed_run = pool.submit(moonshine, "run", site.export, home=calm.home)
        runs = [pool.submit(killed, copy, *kill) for copy, kill in zip(copies, kills, strict=True)]
    said = undisturbed_run.result()
    assert (said.code, said.err) == (0, "")
    undisturbed = outcome(calm)
    assert all(undisturbed.files.values())
    for copy, kill, again in zip(copies, kills, [run.result() for run in runs], strict=True):
        assert (kill, again.code, again.err) == (kill, 0, "")
        assert (kill, outcome(copy)) == (kill, undisturbed)
        assert (kill, left_behind(copy)) == (kill, [])
        assert (kill, unfinished_runs(copy)) == (kill, [])


# The stages' own kills are in the fast suite (tests/providers, tests/mash); these three take a minute and a half.
@pytest.mark.slow
def test_three_kills_leave_what_an_undisturbed_run_leaves(site: Site) -> None:
    check_kills(site, moments(SEED, ["provider_db", "mash_merge", "mash_merge"]))


def test_ctrl_c_ends_the_whole_command_and_leaves_nothing_half_done(site: Site) -> None:
    process = began(site, "provider_db")
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate()
    assert process.returncode == 130
    assert said == "error: interrupted; run the same again, it finishes what was begun\n"
    assert not site.home.mash.exists()
    assert left_behind(site) == []
    assert unfinished_runs(site) == []


@pytest.mark.slow
@pytest.mark.parametrize("stage", LIVES_ON)
def test_many_kills_leave_what_an_undisturbed_run_leaves(site: Site, stage: str) -> None:
    check_kills(site, moments(SEED + 1, [stage] * 8))
