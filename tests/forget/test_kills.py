"""`make test-kills`: archive, merge, rollback and forget killed with -9 at two hundred random times in all."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from functools import cache

import pytest

from forget.children import archive_and_merge, archive_only, forget_it, prepared, roll_back
from forget.killing import Killing, Work

#: What is killed, and how the second export stands before it.
WORKS: dict[str, tuple[Work, str]] = {
    "archive": (archive_only, "counted"),
    "merge": (archive_and_merge, "counted"),
    "rollback": (roll_back, "merged"),
    "forget": (forget_it, "merged"),
}
KILLS = 50
Killings = Callable[[str], Killing]


@pytest.fixture(scope="module")
def killings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Killings]:
    @cache
    def of(name: str) -> Killing:
        work, second = WORKS[name]
        base = tmp_path_factory.mktemp(name)
        prepared(base, second=second)
        made[name] = Killing(base, work)
        return made[name]

    made: dict[str, Killing] = {}
    yield of
    for name, killing in made.items():
        print(f"\n{name}: {sum(killing.seen.values())} kills in {killing.seconds:.2f} s of work, found {killing.seen}")


@pytest.mark.kills
@pytest.mark.parametrize("seed", range(KILLS))
@pytest.mark.parametrize("name", WORKS)
def test_whatever_is_killed_leaves_a_whole_mash_and_is_completed(killings: Killings, name: str, seed: int) -> None:
    killings(name).killed_at((seed + random.Random(f"{name} {seed}").random()) / KILLS)
