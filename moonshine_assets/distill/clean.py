"""Cleaning: which text of which message is counted, and what it says once secrets and personal data are out."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import duckdb

from moonshine_assets.distill.decontamination import Benchmarks
from moonshine_assets.distill.near_duplicates.find import find_near_duplicates
from moonshine_assets.distill.policy import Policy
from moonshine_assets.distill.redaction.identity import Identity
from moonshine_assets.distill.redaction.rules import Rules
from moonshine_assets.distill.redaction.scan import CountsTokens, scan_texts
from moonshine_assets.distill.replace import replace_rows
from moonshine_assets.distill.signals.measure import measure_texts, signals_version
from moonshine_assets.distill.state import Known, known_versions, record_state
from moonshine_assets.tables.cleaning import CLEANING
from moonshine_assets.tables.conversation_scores import CONVERSATION_SCORES
from moonshine_resources.duckdb import transaction

_SCORES = Path(__file__).with_name("conversation_scores.sql")
#: Where the home keeps no lists.
NO_BENCHMARKS = Benchmarks()
_QUERY = Path(__file__).with_name("clean.sql")
#: SHA-256 of the text without a character: what an empty message points to.
EMPTY_SHA256 = sha256(b"").hexdigest()


class Cleaned(NamedTuple):
    """What a cleaning did: texts searched, those something was replaced in, texts measured, whether it wrote at all."""

    scanned: int
    redacted: int
    measured: int
    changed: bool


def clean(
    connection: duckdb.DuckDBPyConnection,
    policy: Policy,
    counter: CountsTokens,
    identities: Sequence[Identity] = (),
    benchmarks: Benchmarks = NO_BENCHMARKS,
) -> Cleaned:
    """Bring everything cleaning derives up to date with the mash, in one transaction.

    store.cleaning has one row a current message of user, assistant or tool, on every branch. It is an account of
    distinct text: the tokens of the kept rows are the tokens of the distinct texts. Conversations keep all their
    turns. Only texts that were not looked at under the same rules are read.

    Args:
        connection: the mash, opened as its writer.
        policy: its rules and thresholds.
        counter: counts the tokens of redacted texts.
        benchmarks: lists of texts that must not be trained on.
        identities: whose exports are in the mash, see `account_identities`.
    """
    rules = Rules(policy.redaction, identities)
    with transaction(connection):
        known = known_versions(connection)
        scanned = scan_texts(connection, rules, counter, known.redaction)
        measured = measure_texts(connection, policy, benchmarks, known.signals)
        gathered = find_near_duplicates(connection, policy.near_duplicates)
        decontamination = {
            "decontaminate": policy.decontamination.enabled,
            "minimum_hits": policy.decontamination.minimum_hits,
            "minimum_coverage": policy.decontamination.minimum_coverage,
        }
        judged = {"empty_sha256": EMPTY_SHA256, **decontamination}
        changed = replace_rows(connection, CLEANING, _QUERY.read_text("utf-8"), judged)
        weights = {name: getattr(policy.selection, name) for name in policy.selection.__struct_fields__}
        complete = {name: list(getattr(policy.answers, name)) for name in policy.answers.__struct_fields__}
        changed |= replace_rows(
            connection, CONVERSATION_SCORES, _SCORES.read_text("utf-8"), {**decontamination, **weights, **complete}
        )
        recorded = record_state(connection, Known(rules.version, signals_version(policy, benchmarks)), policy)
    written = changed or recorded or gathered or bool(scanned.texts or measured)
    return Cleaned(scanned.texts, scanned.changed, measured, written)
