"""`moonshine ui` as a person starts it: a real webserver and daemon on loopback, asked over GraphQL."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from terminal import environment, heed_interrupts, words_of

from moonshine_resources.home import Home

T = TypeVar("T")
#: Seconds to wait for something that must come; a bound, not an expectation.
PATIENCE = 240.0
_PAUSE = 0.5

_ASSETS = """
{ assetNodes {
    assetKey { path } groupName isPartitioned
    assetMaterializations(limit: 1) { runId }
    assetPartitionStatuses { ... on DefaultPartitionStatuses { materializedPartitions failedPartitions } }
    assetChecksOrError { ... on AssetChecks { checks {
      name executionForLatestMaterialization { status evaluation { success } } } } }
} }
"""
_RUNS = "{ runsOrError { ... on Runs { results { id jobName status tags { key value } } } } }"


class Server:
    """A running UI."""

    def __init__(self, home: Home, port: int, process: subprocess.Popen[bytes], log: Path) -> None:
        self.home = home
        self.port = port
        self.address = f"http://127.0.0.1:{port}"
        self.log = log
        self._process = process

    def ask(self, query: str, **variables: Any) -> Any:
        """The data of a GraphQL answer."""
        body = json.dumps({"query": query, "variables": variables}).encode()
        request = urllib.request.Request(f"{self.address}/graphql", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            said = json.load(answer)
        assert "errors" not in said, said
        return said["data"]

    def runs(self) -> list[dict[str, Any]]:
        """Runs, newest first."""
        found: list[dict[str, Any]] = self.ask(_RUNS)["runsOrError"]["results"]
        return found

    def assets(self) -> dict[str, dict[str, Any]]:
        """Every asset of the graph by its path."""
        return {"/".join(node["assetKey"]["path"]): node for node in self.ask(_ASSETS)["assetNodes"]}

    def until(self, what: Callable[[], T | None]) -> T:
        """The first answer that is neither None nor false nor empty."""
        deadline = time.monotonic() + PATIENCE
        while not (found := what()):
            assert self._process.poll() is None, self.log.read_text()[-3000:]
            assert time.monotonic() < deadline, self.log.read_text()[-3000:]
            time.sleep(_PAUSE)
        return found

    def finished(self, job: str, number: int = 1) -> list[dict[str, Any]]:
        """The runs of a job, once so many have ended."""

        def ended() -> list[dict[str, Any]]:
            found = [run for run in self.runs() if run["jobName"] == job and run["status"] in ("SUCCESS", "FAILURE")]
            return found if len(found) >= number else []

        return self.until(ended)

    def listening(self) -> set[str]:
        """Addresses on which processes of this server listen, `address:port` in hexadecimal as the kernel has them."""
        inodes = {name for pid in self._group() for name in _descriptors(pid)}
        found = set()
        for table in ("tcp", "tcp6"):
            for line in Path("/proc/net", table).read_text().splitlines()[1:]:
                words = line.split()
                if words[3] == "0A" and f"socket:[{words[9]}]" in inodes:
                    found.add(words[1])
        return found

    def _group(self) -> list[int]:
        processes = (int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit())
        return [pid for pid in processes if _group_of(pid) == self._process.pid]

    def answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.address}/server_info", timeout=10) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False


def _group_of(pid: int) -> int | None:
    try:
        return os.getpgid(pid)
    except ProcessLookupError:
        return None


def _descriptors(pid: int) -> list[str]:
    """What a process has open, as far as it still has."""
    found = []
    with suppress(FileNotFoundError, ProcessLookupError):
        for path in Path(f"/proc/{pid}/fd").iterdir():
            found.append(str(path.readlink()))
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def served(home: Home, log: Path) -> Iterator[Server]:
    """`moonshine ui` of a home, in a process group of its own that is ended with the block."""
    port = free_port()
    with log.open("wb") as output:
        process = subprocess.Popen(
            words_of("ui", "--port", str(port), home=home),
            start_new_session=True,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment(),
            preexec_fn=heed_interrupts,
        )
    try:
        yield Server(home, port, process, log)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGINT)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
