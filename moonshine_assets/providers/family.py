"""One asset family a provider: provider_export → provider_db → token_ledger → archive_snapshot → mash_merge.

Partitioned by run id; the gates stand on the asset whose file they guard (DESIGN §7).
"""

from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any

import dagster as dg
import duckdb

from moonshine_assets.archive.run_archive import archive_run
from moonshine_assets.archive.snapshot import archived_first, take_snapshot
from moonshine_assets.dagster_checks import check_result, check_specs, column_schema, reporting, table_metadata
from moonshine_assets.exports.forgotten import entries
from moonshine_assets.gates import Verdict
from moonshine_assets.ledger.raw import counting_beside, kept_or_counted
from moonshine_assets.ledger.record import COUNTERS
from moonshine_assets.ledger.run_ledger import ledger_complete, publish_ledger, run_ledger
from moonshine_assets.mash.checked import merge_checked, why
from moonshine_assets.mash.forgotten import GATE as NOTHING_FORGOTTEN
from moonshine_assets.mash.forgotten import nothing_forgotten
from moonshine_assets.mash.journal import merge_manifest
from moonshine_assets.mash.merge import RunFacts
from moonshine_assets.mash.order import configured_order, merge_order
from moonshine_assets.providers.categories import category_matrix
from moonshine_assets.providers.format_radar import NAME as FORMAT_RADAR
from moonshine_assets.providers.format_radar import format_radar, shape_counts
from moonshine_assets.providers.gates import draft_gates, source_lock
from moonshine_assets.providers.provider_db import produce_database
from moonshine_assets.providers.source import read_lock, secure, secured_path
from moonshine_assets.tables import MESSAGES
from moonshine_resources import clock, progress
from moonshine_resources.atomic import read_json, write_json_keeping
from moonshine_resources.resources import (
    HomeResource,
    MashDatabase,
    PolicyResource,
    ProviderDatabases,
    TokenizerResource,
)

OWNERS = ["team:moonshine"]
MASH_POOL = "mash_writer"


class SourceLock(dg.Config):
    """Which bytes a run may be about."""

    expected_sha256: str = ""


def runs_of(provider: str) -> dg.DynamicPartitionsDefinition:
    """The provider's partitions: one a run, keyed by the whole run id."""
    return dg.DynamicPartitionsDefinition(name=f"{provider}_runs")


def merge_key(provider: str) -> dg.AssetKey:
    return dg.AssetKey([provider, "mash_merge"])


def provider_family(provider: str) -> list[dg.AssetsDefinition]:
    """The five assets of a provider."""
    runs = runs_of(provider)

    def key(name: str) -> dg.AssetKey:
        return dg.AssetKey([provider, name])

    def common(name: str, kinds: set[str], **more: Any) -> dict[str, Any]:
        return {
            "key": key(name),
            "partitions_def": runs,
            "group_name": provider,
            "owners": OWNERS,
            "kinds": kinds,
            "output_required": False,
            **more,
        }

    @dg.asset(
        **common("provider_export", {"file"}),
        description="The export as it was given, locked by SHA-256 and copied, content-addressed, into the archive.",
        check_specs=check_specs(
            key("provider_export"), [("source_lock", "SHA-256 reproducible; equals the configured lock")], runs
        ),
    )
    @reporting
    def provider_export(
        context: dg.AssetExecutionContext, config: SourceLock, home: HomeResource
    ) -> Iterator[dg.AssetCheckResult | dg.MaterializeResult]:
        run = home.open().run(context.partition_key)
        lock = read_lock(run)
        secured = secure(run)
        verdict = source_lock(secured, lock, config.expected_sha256)
        yield check_result(verdict)
        if verdict.passed:
            yield dg.MaterializeResult(
                metadata={
                    "sha256": secured.sha256,
                    "size_bytes": secured.size_bytes,
                    "shape": lock["shape"],
                    "detected_because": lock["detection"]["reason"],
                    "conversation_files": len(lock["members"]),
                    "archived_at": dg.MetadataValue.path(secured.path),
                },
                data_version=dg.DataVersion(secured.sha256),
            )

    @dg.asset(
        **common("provider_db", {"duckdb"}),
        deps=[key("provider_export")],
        description="One immutable DuckDB of the run: conversations, messages, blocks, files, quarantine, receipt.",
        metadata={"dagster/column_schema": column_schema(MESSAGES)},
        check_specs=check_specs(
            key("provider_db"),
            [
                ("receipt_balances", "what came in = kept + hidden + duplicate + quarantined, in all and by category"),
                ("schema", "every table satisfies its declared schema"),
                ("provider_coverage", "every row carries this provider and run"),
                ("no_contamination", "every conversation comes from a supported export"),
                (NOTHING_FORGOTTEN, "no conversation that was forgotten is back"),
            ],
            runs,
        )
        + check_specs(
            key("provider_db"),
            [(FORMAT_RADAR, "warns of keys, types, roles and values of the export that nobody knows yet")],
            runs,
            blocking=False,
        ),
    )
    @reporting
    def provider_db(
        context: dg.AssetExecutionContext, home: HomeResource, tokenizer: TokenizerResource
    ) -> Iterator[dg.AssetCheckResult | dg.MaterializeResult]:
        run = home.open().run(context.partition_key)
        lock, counter = read_lock(run), tokenizer.counter()
        raw = secured_path(run, lock)
        warnings: list[Verdict] = []

        def gates(connection: duckdb.DuckDBPyConnection) -> list[Verdict]:
            warnings.append(format_radar(connection, run, lock, raw))
            forgotten = nothing_forgotten(connection, entries(home.open(), provider))
            return [*draft_gates(connection, provider, run.run_id), forgotten]

        with nullcontext() if run.database.exists() else counting_beside(run, raw, lock, counter):
            produced = produce_database(
                run,
                lock,
                raw,
                counter.count_many,
                gates=gates,
                generated_at=clock.iso(clock.now()),
                progress=lambda done, total: progress.report("reading conversations", done, total),
            )
        for verdict in produced.verdicts:
            yield check_result(verdict)
        for warning in warnings:
            yield check_result(warning, dg.AssetCheckSeverity.WARN)
        if produced.manifest is not None:
            yield dg.MaterializeResult(
                metadata={
                    "dagster/row_count": produced.manifest["rows"]["messages"],
                    **produced.manifest["rows"],
                    **{name: count for warning in warnings for name, count in shape_counts(warning).items()},
                    "receipt": table_metadata(produced.receipts),
                    "receipt_by_category": table_metadata(category_matrix(produced.categories)),
                    "database": dg.MetadataValue.path(run.database),
                    "sha256": produced.manifest["database_sha256"],
                },
                data_version=dg.DataVersion(produced.manifest["database_sha256"]),
            )

    @dg.asset(
        **common("token_ledger", {"json"}),
        deps=[key("provider_db")],
        description="Every token of the run in four counters (o200k_base), with the reasons between them.",
        check_specs=check_specs(
            key("token_ledger"),
            [("ledger_complete", "four counters, non-increasing, reasons exact, a second count agrees")],
            runs,
        ),
    )
    @reporting
    def token_ledger(
        context: dg.AssetExecutionContext,
        home: HomeResource,
        tokenizer: TokenizerResource,
        provider_databases: ProviderDatabases,
        policy: PolicyResource,
    ) -> Iterator[dg.AssetCheckResult | dg.MaterializeResult]:
        run = home.open().run(context.partition_key)
        lock, counter = read_lock(run), tokenizer.counter()
        raw = secured_path(run, lock)
        progress.report("counting raw tokens", 0, 1)
        raw_by_member = kept_or_counted(run, raw, lock, counter)
        progress.report("counting raw tokens", 1, 1)
        with provider_databases.of_run(run.run_id) as connection:
            ledger = run_ledger(
                connection,
                lock=lock,
                raw_by_member=raw_by_member,
                counter=counter,
                policy_version=policy.load().version,
                generated_at=clock.iso(clock.now()),
            )
            verdict = ledger_complete(connection, ledger, raw=raw, lock=lock, work=run.work, counter=counter)
        yield check_result(verdict)
        if verdict.passed:
            publish_ledger(run, ledger)
            yield dg.MaterializeResult(
                metadata={
                    **{name: ledger[name] for name in COUNTERS},
                    "waterfall": table_metadata(ledger["waterfall"]),
                    "ledger": dg.MetadataValue.path(run.ledger),
                }
            )

    @dg.asset(
        **common("archive_snapshot", {"file", "duckdb"}, pool=MASH_POOL),
        deps=[key("token_ledger")],
        description="The run's artefacts in the archive and the mash as it was before this run's merge, both verified.",
        check_specs=check_specs(
            key("archive_snapshot"),
            [("archived_first", "run archive and mash snapshot exist, hashes verified, the snapshot opens")],
            runs,
        ),
    )
    @reporting
    def archive_snapshot(
        context: dg.AssetExecutionContext, home: HomeResource, mash_database: MashDatabase
    ) -> Iterator[dg.AssetCheckResult | dg.MaterializeResult]:
        place = home.open()
        run = place.run(context.partition_key)
        generated_at = clock.iso(clock.now())
        manifest = archive_run(run, generated_at)
        with mash_database.exclusively():
            snapshot = take_snapshot(place, run.run_id, generated_at)
            verdict = archived_first(place, run.run_id)
        yield check_result(verdict)
        if verdict.passed:
            files = [{"file": name, **facts} for name, facts in manifest["files"].items()]
            yield dg.MaterializeResult(
                metadata={
                    "files": table_metadata(files),
                    "snapshot": dg.MetadataValue.path(place.premerge_snapshot(run.run_id)),
                    "snapshot_bytes": snapshot["size_bytes"],
                    "mash_state": snapshot["mash_state"],
                }
            )

    @dg.asset(
        **common("mash_merge", {"duckdb"}, pool=MASH_POOL),
        deps=[key("archive_snapshot")],
        description="This run merged into the mash: one transaction, idempotent; the partitions say what is in.",
        check_specs=check_specs(
            key("mash_merge"),
            [
                ("archived_first", "nothing is merged before it and the mash are archived"),
                ("merge_order", "one provider an operation; none is merged while an earlier one of the lock is staged"),
                ("merge_idempotent", "merging again writes nothing"),
                ("mash_schema", "what the merge touches satisfies its declared schema, keys unique"),
                ("provider_coverage", "every row it touches names a provider and a merged run; the run is whole"),
                ("mash_integrity", "every message has its conversation and text; one current version of each"),
            ],
            runs,
        ),
    )
    @reporting
    def mash_merge(
        context: dg.AssetExecutionContext, home: HomeResource, mash_database: MashDatabase
    ) -> Iterator[dg.AssetCheckResult | dg.MaterializeResult]:
        place = home.open()
        run = place.run(context.partition_key)
        moment = clock.now()
        with mash_database.exclusively():
            # Another run may have been merged since this one's snapshot was taken.
            take_snapshot(place, run.run_id, clock.iso(moment))
            archived = archived_first(place, run.run_id)
            yield check_result(archived)
            if not archived.passed:
                return
            ledger = read_json(run.ledger)
            facts = RunFacts(
                run_id=run.run_id,
                provider=provider,
                database=run.database,
                database_sha256=read_json(run.provenance)["database_sha256"],
                raw_json_tokens=ledger["raw_json_tokens"],
                content_tokens_non_system=ledger["content_tokens_non_system"],
            )
            in_order = merge_order(place, facts, configured_order())
            yield check_result(in_order)
            if not in_order.passed:
                return
            with mash_database.writing() as connection:
                reason = why(connection, facts)
                merge, verdicts = merge_checked(connection, facts, moment=moment, reason=reason)
                if merge is not None:
                    write_json_keeping(place.merge_manifest, merge_manifest(connection))
            for verdict in verdicts:
                yield check_result(verdict)
        if merge is None:
            return
        yield dg.MaterializeResult(
            metadata={
                "tables": table_metadata([table._asdict() for table in merge.tables]),
                "inserted": sum(table.inserted for table in merge.tables),
                "updated": sum(table.updated for table in merge.tables),
                "superseded": sum(table.superseded for table in merge.tables),
            }
        )

    return [provider_export, provider_db, token_ledger, archive_snapshot, mash_merge]
