"""What commands are for, and what reports of tests say: the numbers, never the bare word."""

from __future__ import annotations

import pytest

from moonshine_assets.lanes.commands import Tally, command_of, exit_code, purposes, tally


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("pytest -q tests", {"test"}),
        ("cd app && python -m pytest", {"test"}),
        ("uv run pytest", {"test"}),
        ("PYTHONPATH=src pytest", {"test"}),
        ("npm test", {"test"}),
        ("npm run test:unit", {"test"}),
        ("cargo test --all", {"test"}),
        ("go test ./...", {"test"}),
        ("make test", {"test", "build"}),
        ("cargo build", {"build"}),
        ("npm run build", {"build"}),
        ("ruff check .", {"lint"}),
        ("npx tsc --noEmit", {"lint"}),
        ('git add -A && git commit -m "x"', {"commit"}),
        ("gh pr create --fill", {"commit"}),
        ("git revert HEAD", {"revert"}),
        ("git reset --hard HEAD~1", {"revert"}),
        ("git checkout -- src", {"revert"}),
        ("git checkout -b new", set()),
        ("git log --oneline", set()),
        ("cat test.py", set()),
        ("ls tests", set()),
        ("grep -rn pytest docs", set()),
        ("echo make tea", set()),
    ],
)
def test_what_a_command_line_is_for(command: str, expected: set[str]) -> None:
    assert purposes(command) == expected


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ("3 passed, 0 failed", Tally(3, 0)),
        ("=== 1 failed, 7 passed in 0.40s ===", Tally(7, 1)),
        ("===== 12 passed in 3.21s =====", Tally(12, 0)),
        ("Tests: 1 failed, 3 passed, 4 total\nTime: 2 s", Tally(3, 1)),
        ("test result: ok. 5 passed; 0 failed; 1 ignored", Tally(5, 0)),
        ("  14 passing (32ms)", Tally(14, 0)),
        ("Ran 5 tests in 0.01s\n\nOK", Tally(5, 0)),
        ("Ran 5 tests in 0.01s\n\nFAILED (failures=2)", Tally(0, 2)),
        ("ok  \tpkg/a\t0.1s\nFAIL\tpkg/b\t0.2s", Tally(1, 1)),
        ("2 failed, 1 passed\n...\nall mended\n3 passed", Tally(3, 0)),
        ("the build failed", None),
        ("nothing to say", None),
    ],
)
def test_the_numbers_of_a_report(output: str, expected: Tally | None) -> None:
    assert tally(output) == expected


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ("Exit code 1\nboom", 1),
        ("done\nProcess exited with code 0", 0),
        ("exit_code: 127", 127),
        ("exit status: 2", 2),
        ("return code 0", 0),
        ("the exit of the river is at mile 3", None),
        ("x\n" * 9 + "exit code 4\n" + "y\n" * 9, None),
    ],
)
def test_an_exit_code_is_read_from_the_ends_of_a_result(output: str, expected: int | None) -> None:
    assert exit_code(output) == expected


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"command": "ls -l"}, "ls -l"),
        ({"command": ["bash", "-lc", "pytest -q"]}, "pytest -q"),
        ({"cmd": ["git", "status"]}, "git status"),
        ({"path": "a"}, None),
        ({"command": [1]}, None),
    ],
)
def test_the_command_line_of_a_call(arguments: dict[str, object], expected: str | None) -> None:
    assert command_of(arguments) == expected
