"""Killed at any time, forgetting leaves the mash as before or as after, and is completed by whoever writes next."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from forget.children import SECRET, forget_it, prepared
from forget.killing import Killing
from moonshine_assets.errors import Busy
from moonshine_assets.forget import intent as journal
from moonshine_assets.forget.intent import PUBLISHING, Intent, require_none_half_done
from moonshine_assets.forget.needles import ID, Needle
from moonshine_assets.forget.search import search
from moonshine_resources.home import Home


@pytest.mark.slow
def test_forgetting_killed_at_some_time_is_completed_by_the_next_try(tmp_path: Path) -> None:
    """`make test-kills` does it at fifty times, and to the other writers; the model breaks it off in process."""
    prepared(tmp_path, second="counted", conversations=2)
    forgetting = Killing(tmp_path, forget_it)
    forgetting.killed_at(random.Random(20261128).uniform(0.3, 0.8))
    assert search(forgetting.home, [Needle(ID, SECRET)]) == []


def test_other_writers_wait_for_one_that_is_half_published(home: Home) -> None:
    journal.keep(home, Intent([], "test", "2026-02-01T12:00:00Z"))
    require_none_half_done(home)
    journal.keep(home, Intent([], "test", "2026-02-01T12:00:00Z", phase=PUBLISHING))
    with pytest.raises(Busy, match="`moonshine forget` completes it"):
        require_none_half_done(home)
