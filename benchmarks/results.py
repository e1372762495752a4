"""RESULTS.md: one section a benchmark, replaced in place by each run."""

import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

RESULTS = Path(__file__).with_name("RESULTS.md")
HEAD = (
    "# Benchmark results\n\nWritten by the benchmarks themselves; README.md says how to run them and how to "
    "read the ratios.\n"
)


def put_section(name: str, body: str, path: Path = RESULTS) -> None:
    """Replace the section `name` of the results file, or append it; other sections stay as they are.

    A section stands between the comments `<!-- name -->` and `<!-- /name -->`. Raises ValueError when the
    opening comment has no closing one, rather than guessing where the section ends.
    """
    opening, closing = f"<!-- {name} -->", f"<!-- /{name} -->"
    text = path.read_text(encoding="utf-8") if path.exists() else HEAD
    section = f"{opening}\n{body.strip()}\n{closing}"
    if opening in text:
        start = text.index(opening)
        end = text.index(closing, start) + len(closing)
        text = text[:start] + section + text[end:]
    else:
        text = f"{text.rstrip()}\n\n{section}\n"
    path.write_text(text, encoding="utf-8")


def circumstances(packages: Sequence[str]) -> str:
    """One line: date, cores, load average of the last minute, system, Python and package versions."""
    versions = ", ".join(f"{package} {version(package)}" for package in packages)
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {len(os.sched_getaffinity(0))} cores, load {os.getloadavg()[0]:.1f} "
        f"before the first round, {platform.system()} {platform.machine()}, "
        f"Python {platform.python_version()}, {versions}"
    )
