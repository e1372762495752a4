"""The Dagster face of what assets use; every resource is typed and says what its fields mean."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import duckdb
from dagster import ConfigurableResource
from dagster_duckdb import DuckDBResource
from pydantic import Field

from moonshine_assets.distill.policy import Policy
from moonshine_assets.distill.policy import load as load_policy
from moonshine_assets.forget.intent import require_none_half_done
from moonshine_assets.mash.vouched import carried
from moonshine_resources import locks
from moonshine_resources.duckdb import connect
from moonshine_resources.home import Home
from moonshine_resources.tokenizer import TokenCounter, load

#: How long a writer waits for another one, seconds.
WRITER_WAIT = 600.0


class HomeResource(ConfigurableResource):
    """The data home."""

    root: str = Field(
        default="", description="folder of the data home; empty: MOONSHINE_HOME, else the project's data/"
    )

    def open(self) -> Home:
        return Home.at(self.root or None)


class ProviderDatabases(DuckDBResource):
    """The immutable databases of provider runs, opened read-only."""

    database: str = Field(default="", description="unused: a run's database is found by its run id")
    home: HomeResource

    @contextmanager
    def of_run(self, run_id: str) -> Iterator[duckdb.DuckDBPyConnection]:
        """The published database of a run."""
        with connect(self.home.open().run(run_id).database, read_only=True) as connection:
            yield connection


class MashDatabase(DuckDBResource):
    """The mash: many readers, or one writer across all processes."""

    database: str = Field(default="", description="path of the mash; empty: that of the data home")
    home: HomeResource

    @contextmanager
    def get_connection(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A read-only connection; dagster-duckdb's own would lock everybody else out."""
        with connect(self.home.open().mash, read_only=True) as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """The one writing connection; the caller holds `exclusively` around it."""
        place = self.home.open()
        place.mash.parent.mkdir(parents=True, exist_ok=True)
        with carried(place), connect(place.mash, read_only=False) as connection:
            yield connection

    @contextmanager
    def exclusively(self) -> Iterator[None]:
        """Be the only process that changes the mash or its snapshots.

        Raises:
            Busy: another process kept the lock, or a forgetting was broken off halfway.
        """
        with locks.exclusive(self.home.open().mash_lock, seconds=WRITER_WAIT, what="the mash"):
            require_none_half_done(self.home.open())
            yield


class PolicyResource(ConfigurableResource):
    """The distillation policy in force."""

    name: str = Field(
        default="",
        description="bundled policy name or path of a .toml file; empty: MOONSHINE_POLICY, else default",
    )

    def load(self) -> Policy:
        return load_policy(self.name or os.environ.get("MOONSHINE_POLICY") or "default")


class TokenizerResource(ConfigurableResource):
    """The exact token counter, from the vocabulary the project carries."""

    home: HomeResource

    def counter(self) -> TokenCounter:
        """The counter; its vocabulary file lies in TIKTOKEN_CACHE_DIR if that is set, else in the home."""
        return load(self.home.open().vocabulary_folder)

    def count_many(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text; the counter is loaded when it is first asked."""
        return self.counter().count_many(texts)
