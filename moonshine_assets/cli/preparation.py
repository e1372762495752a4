"""What a command that executes assets does first, so that its fixed costs weigh less."""

from __future__ import annotations

import gc
from contextlib import suppress
from threading import Thread

from moonshine_assets.errors import MoonshineError
from moonshine_resources.home import Home
from moonshine_resources.tokenizer.counter import load

#: Records of conversations hold no cycles: looking for some after every 700 of them only costs time.
_OBJECTS_BETWEEN_COLLECTIONS = 100_000


def make_ready(home: Home) -> None:
    """Start loading the tokenizer (1 to 2 s without the interpreter lock) while Dagster is imported."""
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS, 20, 50)
    Thread(target=_load, args=(home,), name="load-tokenizer").start()


def _load(home: Home) -> None:
    # What is wrong with it is told by the asset that needs it.
    with suppress(MoonshineError, OSError):
        load(home.vocabulary_folder)
