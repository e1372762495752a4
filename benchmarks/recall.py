"""Recall over archived sessions, each question a process of its own: `python -m benchmarks.recall [--messages 100000]`.

Generates sessions of Claude Code, Codex and OpenClaw with planted facts, archives and indexes them, takes the sessions
away, and asks for every fact by a question and by a keyword in this process (is it found among five?), and for some of
them by `moon recall` in a process of their own. Beside it stand what a person would do, `grep` for the keyword over the
texts, and a Python process that does nothing: the part of the time that nobody can save. Writes RESULTS.md.
"""

import argparse
import shutil
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median, quantiles
from typing import NamedTuple

from benchmarks.generate_sessions import Needle, needles, write_sessions
from benchmarks.measure import Measurement, measure
from benchmarks.results import RESULTS, circumstances, put_section
from moonshine_assets.sessions.archive import archive_session, records
from moonshine_assets.sessions.recall import index_archive, recall
from moonshine_assets.sessions.settings import Settings
from moonshine_assets.sessions.usage.reading import Reading
from moonshine_resources.home import Home

WORK = Path(__file__).with_name("work") / "recall"
SESSIONS = 50
NEEDLES = 500
TOLD = Settings()


class Built(NamedTuple):
    """What it took: CPU seconds to archive (texts included) and to index, and bytes of what came of it."""

    archiving: float
    indexing: float
    raw: int
    kept: int
    texts: int
    index: int


class Timed(NamedTuple):
    """Processes of one kind: wall and CPU seconds of each."""

    name: str
    walls: list[float]
    cpus: list[float]

    def row(self, baseline: float) -> str:
        wall, cpu = _p95(self.walls), _p95(self.cpus)
        return (
            f"| {self.name} | {median(self.walls) * 1000:.0f} | {wall * 1000:.0f} | {median(self.cpus) * 1000:.0f} |"
            f" {cpu * 1000:.0f} | {median(self.cpus) / baseline:.1f} |"
        )


def built(home: Home, agents: Path, planted: list[Needle], messages: int) -> Built:
    """Sessions written, archived, indexed, and taken away."""
    written = write_sessions(agents, planted, SESSIONS, messages // SESSIONS)
    raw = _size(agents)
    started = time.process_time()
    for one in written:
        archive_session(home, TOLD, _reading(one.provider, one.session_id, one.path))
    archived = time.process_time()
    for record in records(home):
        index_archive(home, record)
    indexed = time.process_time()
    shutil.rmtree(agents)
    sizes = (_size(home.session_raw), _size(home.session_texts), _size(home.recall_index.parent))
    return Built(archived - started, indexed - archived, raw, *sizes)


def found_share(home: Home, planted: list[Needle], asked: Callable[[Needle], str]) -> float:
    """The share of facts that stand word for word in one of the first five matches."""
    hits = sum(any(one.text in match.snippet for match in recall(home, TOLD, asked(one)).matches) for one in planted)
    return hits / len(planted)


def timed(name: str, commands: Sequence[Sequence[str]]) -> Timed:
    """Every command in a process of its own."""
    done: list[Measurement] = [measure(command) for command in commands]
    if any(one.exit_code for one in done):
        raise SystemExit(f"recall: {name} failed: {next(one.stderr for one in done if one.exit_code)}")
    return Timed(name, [one.wall for one in done], [one.cpu for one in done])


def _reading(provider: str, session_id: str, path: Path) -> Reading:
    return Reading(
        provider=provider,
        session_id=session_id,
        source_path=str(path),
        used_tokens=None,
        window_tokens=None,
        own_compaction_at=None,
        updated_at_epoch_secs=0,
        captured_at_epoch_secs=0,
    )


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _p95(values: Sequence[float]) -> float:
    return quantiles(values, n=20)[-1]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.recall", description=__doc__)
    parser.add_argument("--messages", type=int, default=100_000)
    parser.add_argument("--processes", type=int, default=100, help="of each kind that is timed")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--work", type=Path, default=WORK, help="where the files go; about 1 kB a message")
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--keep", action="store_true", help="keep the files")
    options = parser.parse_args(arguments)

    setting = circumstances(["click", "msgspec"])
    home = Home.at(options.work / "home")
    planted = needles(NEEDLES, SESSIONS, options.seed)
    asking = [str(Path(sys.executable).with_name("moon")), "recall", "--json", "--home", str(home.root)]
    shutil.rmtree(options.work, ignore_errors=True)  # what a run before this one left would be archived already
    try:
        facts = built(home, options.work / "agents", planted, options.messages)
        by_question = found_share(home, planted, lambda one: one.question)
        by_keyword = found_share(home, planted, lambda one: one.keyword)
        # an odd step, so that facts of every kind are among them
        some = planted[:: NEEDLES // options.processes // 2 * 2 + 1][: options.processes]
        texts = str(home.session_texts)
        # by turns, so that what else the machine does meets all of them alike
        kinds: dict[str, list[Timed]] = {}
        for one in some:
            for name, command in (
                ("a Python process that does nothing", [sys.executable, "-c", "pass"]),
                ("`grep -rF` of the keyword", ["grep", "-rFn", one.keyword, texts]),
                ("`moon recall`, a keyword", [*asking, "--query", one.keyword]),
                ("`moon recall`, a question", [*asking, "--query", one.question]),
            ):
                kinds.setdefault(name, []).append(timed(name, [command]))
    finally:
        if not options.keep:
            shutil.rmtree(options.work, ignore_errors=True)
    rows = [
        Timed(name, [wall for one in found for wall in one.walls], [cpu for one in found for cpu in one.cpus])
        for name, found in kinds.items()
    ]
    section = _section(options.messages, facts, by_question, by_keyword, rows)
    put_section(f"recall {options.messages}", f"{section}\n\n{setting}.", options.results)
    print(section)


def _section(messages: int, facts: Built, by_question: float, by_keyword: float, rows: Sequence[Timed]) -> str:
    baseline = median(rows[0].cpus)
    lines = [
        f"## Recall over {messages:,} archived messages",
        "",
        f"{SESSIONS} sessions of three agents, {facts.raw / 1e6:.0f} MB of logs, with {NEEDLES} planted facts. Found"
        f" word for word among five matches: {by_question:.1%} by a question, {by_keyword:.1%} by a keyword. Archiving"
        f" with texts took {facts.archiving:.0f} CPU s and {facts.kept / 1e6:.0f} MB, the texts are"
        f" {facts.texts / 1e6:.0f} MB, indexing them took {facts.indexing:.0f} CPU s and {facts.index / 1e6:.0f} MB.",
        "",
        f"{len(rows[0].walls)} processes of each kind, by turns:",
        "",
        "| | wall, median ms | wall, p95 ms | CPU, median ms | CPU, p95 ms | CPU to the first row |",
        "|---|---:|---:|---:|---:|---:|",
        *(row.row(baseline) for row in rows),
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
