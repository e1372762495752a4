"""Cleaning: which text of which message is counted. In this form exact repeats and empty texts only."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import duckdb

from moonshine_assets.distill.replace import replace_rows
from moonshine_assets.tables.cleaning import CLEANING
from moonshine_resources.duckdb import transaction

_QUERY = Path(__file__).with_name("clean.sql")
#: SHA-256 of the text without a character: what an empty message points to.
EMPTY_SHA256 = sha256(b"").hexdigest()


def clean(connection: duckdb.DuckDBPyConnection) -> bool:
    """Bring store.cleaning up to date with the mash, in one transaction. True if anything had to be written.

    One row a current message of user, assistant or tool, on every branch. It is an account of distinct text: the
    tokens of the kept rows are the tokens of the distinct texts. Conversations keep all their turns.
    """
    with transaction(connection):
        return replace_rows(connection, CLEANING, _QUERY.read_text("utf-8"), {"empty_sha256": EMPTY_SHA256})
