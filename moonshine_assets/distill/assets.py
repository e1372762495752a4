"""clean → distilled_slice: what the policy makes of the mash."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import duckdb

from moonshine_assets.dagster_checks import check_result, check_specs, column_schema, reporting, table_metadata
from moonshine_assets.distill.clean import clean
from moonshine_assets.distill.decontamination import read_benchmarks
from moonshine_assets.distill.gates import no_contamination, slice_schema, token_band
from moonshine_assets.distill.redaction.accounts import account_identities
from moonshine_assets.distill.run import distillation_run_id
from moonshine_assets.distill.slice import write_slice
from moonshine_assets.distill.waterfall import counters
from moonshine_assets.errors import GateFailed
from moonshine_assets.gates import Verdict, rows
from moonshine_assets.lanes.audit.labels import read
from moonshine_assets.lanes.audit.precision import withholding
from moonshine_assets.lanes.draft import save_draft
from moonshine_assets.mash.assets import MASH
from moonshine_assets.mash.contracts import query_contracts
from moonshine_assets.providers.family import MASH_POOL, OWNERS
from moonshine_assets.tables.cleaning import CLEANING
from moonshine_assets.tables.distilled import DISTILLED_CONVERSATIONS
from moonshine_resources import clock
from moonshine_resources.resources import HomeResource, MashDatabase, PolicyResource, TokenizerResource

CLEAN = dg.AssetKey("clean")
SLICE = dg.AssetKey("distilled_slice")

_HERE = Path(__file__).parent

_REPLACED = """
SELECT rule, count(*) AS texts, sum(places)::BIGINT AS places
FROM (
    SELECT unnest(json_keys(replaced)) AS rule, (replaced -> rule)::BIGINT AS places FROM store.redacted_texts
)
GROUP BY rule ORDER BY rule
"""


@dg.asset(
    key=CLEAN,
    deps=[MASH],
    group_name="distill",
    owners=OWNERS,
    kinds={"duckdb"},
    pool=MASH_POOL,
    description="What is counted of every current message, and its text without secrets and personal data.",
    metadata={"dagster/column_schema": column_schema(CLEANING)},
)
@reporting
def clean_asset(
    home: HomeResource, mash_database: MashDatabase, policy: PolicyResource, tokenizer: TokenizerResource
) -> Iterator[dg.MaterializeResult]:
    rules, counter = policy.load(), tokenizer.counter()
    with mash_database.exclusively(), mash_database.writing() as connection:
        accounts = account_identities(connection, home.open())
        benchmarks = read_benchmarks(home.open().benchmark_lists, rules.decontamination.gram_words)
        cleaned = clean(connection, rules, counter, accounts.identities, benchmarks)
        outcomes = rows(
            connection,
            "SELECT outcome, count(*) AS messages, sum(tokens)::BIGINT AS tokens FROM store.cleaning"
            " GROUP BY outcome ORDER BY outcome",
        )
        replaced = rows(connection, _REPLACED)
        marks = rows(connection, (_HERE / "marks.sql").read_text("utf-8"))
        scores = rows(connection, (_HERE / "scores_by_provider.sql").read_text("utf-8"))
    yield dg.MaterializeResult(
        metadata={
            "dagster/row_count": sum(row["messages"] for row in outcomes),
            "outcomes": table_metadata(outcomes),
            **{f"tokens_{row['outcome']}": row["tokens"] for row in outcomes},
            "policy_version": rules.version,
            "texts_searched": cleaned.scanned,
            "texts_redacted": cleaned.redacted,
            "redactions": table_metadata(replaced),
            "texts_measured": cleaned.measured,
            "marks": table_metadata(marks),
            "scores": table_metadata(scores),
            "benchmark_lists": benchmarks.lists,
            "account_identities": len(accounts.identities),
            "exports_not_in_the_archive": len(accounts.unread_runs),
            "written": cleaned.changed,
        }
    )


@dg.asset(
    key=SLICE,
    deps=[CLEAN],
    group_name="distill",
    owners=OWNERS,
    kinds={"duckdb"},
    pool=MASH_POOL,
    output_required=False,
    description="The conversations and messages the policy selects, with the lanes each can feed and why not.",
    metadata={"dagster/column_schema": column_schema(DISTILLED_CONVERSATIONS)},
    check_specs=check_specs(
        SLICE,
        [
            ("schema", "the slice's tables satisfy their declared schema"),
            ("no_contamination", "every selected conversation comes from a supported export"),
            ("token_band", "selected tokens lie in the policy's band"),
            ("query_contracts", "every contract returns its declared columns and its invariants hold"),
        ],
    ),
)
@reporting
def distilled_slice(
    home: HomeResource, mash_database: MashDatabase, policy: PolicyResource, tokenizer: TokenizerResource
) -> Iterator[dg.AssetCheckResult | dg.MaterializeResult]:
    rules = policy.load()
    with mash_database.exclusively(), mash_database.writing() as connection:
        run_id = distillation_run_id(connection, home.open(), rules, clock.now())
        tokens: dict[str, int] = {}
        verdicts: list[Verdict] = []

        def gates(mash: duckdb.DuckDBPyConnection) -> list[Verdict]:
            tokens.update(counters(mash))
            verdicts.extend(
                [slice_schema(mash), no_contamination(mash), token_band(rules, tokens), query_contracts(mash)]
            )
            return verdicts

        withhold = withholding(read(home.open().audit_labels), rules.audit)
        try:
            report = write_slice(connection, rules, run_id, gates, withhold, count=tokenizer.count_many)
        except GateFailed:
            if not verdicts:
                raise
            report = None
    for verdict in verdicts:
        yield check_result(verdict)
    if report is not None:
        for lane, built in report.lanes.items():
            save_draft(home.open().lane_draft(lane, run_id), built)
        lanes = [{"lane": lane, "rows": len(b.rows), "candidates": b.candidates} for lane, b in report.lanes.items()]
        yield dg.MaterializeResult(
            metadata={
                "dagster/row_count": report.messages,
                "conversations": report.conversations,
                "messages": report.messages,
                **tokens,
                "lanes": table_metadata(lanes),
                "policy_version": rules.version,
                "distillation_run_id": run_id,
                "written": report.changed,
            }
        )
