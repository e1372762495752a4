"""What a tool call did: a command that tests, builds, lints, commits or reverts; and how its run ended."""

from __future__ import annotations

import re
from typing import Any, Literal, NamedTuple

Purpose = Literal["test", "build", "lint", "commit", "revert"]

#: Arguments in which agents put the command.
_COMMAND_KEYS = ("command", "cmd", "script", "input", "code")
_RUNNER = r"(?:npx|pnpm|yarn|bun|uv|poetry|pipenv|hatch|pdm|rye)\s+(?:run\s+|exec\s+)?"
_START = rf"(?:^|[;&|(\n]\s*|\bsudo\s+|\btime\s+|\b{_RUNNER}|\benv\s+(?:\w+=\S*\s+)*|\b\w+=\S*\s+)"
_PURPOSES: tuple[tuple[Purpose, re.Pattern[str]], ...] = (
    (
        "revert",
        re.compile(
            _START + r"git\s+(?:-\S+\s+)*(?:revert\b|reset\s+(?:--hard|--mixed|HEAD[~^])|checkout\s+(?:HEAD\s+)?--\s)"
        ),
    ),
    (
        "commit",
        re.compile(_START + r"(?:git\s+(?:-\S+\s+)*commit\b|gh\s+pr\s+(?:create|merge)\b|glab\s+mr\s+create\b)"),
    ),
    (
        "test",
        re.compile(
            _START
            + r"(?:\S*/)?(?:pytest|py\.test|tox|nox|jest|vitest|mocha|ava|rspec|phpunit|ctest|nextest|playwright\s+test"
            r"|python[\d.]*\s+-m\s+(?:pytest|unittest|nose2?)|(?:npm|pnpm|yarn|bun|deno)\s+(?:run\s+)?test\S*"
            r"|(?:cargo|go|dotnet|mix|swift|rake|bazel|stack|cabal|zig|flutter|dart|mvn|gradle|\./gradlew|\./mvnw|make|just)"
            r"\s+(?:-\S+\s+)*(?:\S+\s+)?(?:unit)?test\S*)"
        ),
    ),
    (
        "lint",
        re.compile(
            _START
            + r"(?:\S*/)?(?:ruff|flake8|pylint|mypy|pyright|black|isort|eslint|tsc|prettier|biome|rubocop|shellcheck"
            r"|golangci-lint|cargo\s+(?:clippy|fmt)|go\s+vet|(?:npm|pnpm|yarn|bun)\s+(?:run\s+)?(?:lint|typecheck|format)\S*"
            r"|make\s+(?:lint|check|format))\b"
        ),
    ),
    (
        "build",
        re.compile(
            _START + r"(?:\S*/)?(?:make(?:\s|$)|cmake|ninja|webpack|vite\s+build|next\s+build|cargo\s+(?:build|check)"
            r"|go\s+build|dotnet\s+build|mvn|gradle|\./gradlew|\./mvnw|swift\s+build|docker\s+build|python[\d.]*\s+-m\s+build"
            r"|(?:npm|pnpm|yarn|bun)\s+(?:run\s+)?build\S*)"
        ),
    ),
)


class Tally(NamedTuple):
    """How many tests a report says passed and failed."""

    passed: int
    failed: int


#: Reports of test runners, each with what it counts. The word alone says nothing: "3 passed, 0 failed" is a success.
_COUNTS = re.compile(
    r"\b(?P<n>\d+)\s+(?:tests?\s+|specs?\s+|examples?\s+|suites?\s+)?(?P<what>passed|passing|passes|failed|failing|failures?|errors?)\b"
    r"|\b(?P<named>failures|errors|failed|passed)\s*[=:]\s*(?P<m>\d+)",
    re.IGNORECASE,
)
#: "errors" beside these is a test runner's count; elsewhere it may be a linter's.
_PASSED = frozenset({"passed", "passing", "passes"})
_GO = re.compile(r"^(?P<what>ok|FAIL|---\s(?:PASS|FAIL):)\s", re.MULTILINE)
_UNITTEST_OK = re.compile(r"^Ran (?P<n>\d+) tests? in .*\n+OK\b", re.MULTILINE)
_EXIT = re.compile(
    r"(?:exit(?:ed)?(?:\s+with)?(?:\s+(?:code|status))|return\s*code|exit_code)\W{0,4}\s*(?P<code>-?\d{1,5})\b",
    re.IGNORECASE,
)
_TAIL = 4_000


def command_of(arguments: dict[str, Any]) -> str | None:
    """The command line a call runs, or None."""
    for key in _COMMAND_KEYS:
        value = arguments.get(key)
        if isinstance(value, str):
            return value
        if isinstance(value, list) and value and all(isinstance(word, str) for word in value):
            # ["bash", "-lc", "pytest -q"]: the shell's own words are no command.
            return (
                value[-1]
                if len(value) > 1 and value[0].rpartition("/")[2] in ("bash", "sh", "zsh")
                else " ".join(value)
            )
    return None


def purposes(command: str) -> frozenset[Purpose]:
    """What a command line is for; several commands in a row may be for several things."""
    return frozenset(purpose for purpose, pattern in _PURPOSES if pattern.search(command))


def tally(output: str) -> Tally | None:
    """The numbers of a test report, from its end, or None where there is none."""
    tail = output[-_TAIL:]
    passed = failed = 0
    seen = False
    for line in reversed(tail.splitlines()):
        found = [*_COUNTS.finditer(line)]
        if not found:
            continue
        for one in found:
            what, number = (one["what"] or one["named"]).lower(), int(one["n"] or one["m"])
            seen = True
            if what in _PASSED:
                passed += number
            else:
                failed += number
        if seen:
            return Tally(passed, failed)
    unittest = _UNITTEST_OK.search(tail)
    if unittest:
        return Tally(int(unittest["n"]), 0)
    verdicts = [one["what"] for one in _GO.finditer(tail)]
    if verdicts:
        return Tally(*(sum(("FAIL" in verdict) is bad for verdict in verdicts) for bad in (False, True)))
    return None


def exit_code(output: str) -> int | None:
    """The exit code that a result states in its first or last line, or None."""
    lines = [line for line in output.strip().splitlines() if line.strip()]
    for line in (*lines[:2], *lines[-2:]):
        if len(line) <= 120 and (found := _EXIT.search(line)):
            return int(found["code"])
    return None
