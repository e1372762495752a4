"""The mash as an asset: what all merges together are, checked as a whole unless that was done and carried on."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import dagster as dg

from moonshine_assets.dagster_checks import check_result, check_specs, column_schema, reporting, table_metadata
from moonshine_assets.errors import BadInput
from moonshine_assets.exports.forgotten import entries
from moonshine_assets.exports.retention import ALARM, alarm, retention
from moonshine_assets.gates import rows
from moonshine_assets.mash.forgotten import GATE as NOTHING_FORGOTTEN
from moonshine_assets.mash.forgotten import nothing_forgotten
from moonshine_assets.mash.state import mash_state
from moonshine_assets.mash.vouched import checked_gates
from moonshine_assets.providers.family import OWNERS
from moonshine_assets.tables import MESSAGES
from moonshine_resources import clock
from moonshine_resources.resources import HomeResource, MashDatabase

MASH = dg.AssetKey("mash")

_OVERVIEW_SQL = """
SELECT r.provider, r.provider_run_id AS run, r.conversations, r.messages,
       (SELECT count(*) FROM main.messages m WHERE m.provider_run_id = r.provider_run_id) AS current_messages,
       r.raw_json_tokens, r.content_tokens_non_system, r.merged_at
FROM store.runs r ORDER BY r.merged_at DESC, r.provider_run_id DESC LIMIT 50
"""


class MashCheck(dg.Config):
    """How much of the mash is looked at."""

    whole: bool = False


def mash_asset(merges: Sequence[dg.AssetKey]) -> dg.AssetsDefinition:
    """The asset that stands on every provider's merges."""

    @dg.asset(
        key=MASH,
        deps=list(merges),
        group_name="mash",
        owners=OWNERS,
        kinds={"duckdb"},
        output_required=False,
        description="The one query-first database: the newest version of every conversation of every merged run.",
        metadata={"dagster/column_schema": column_schema(MESSAGES)},
        check_specs=check_specs(
            MASH,
            [
                ("mash_schema", "every table satisfies its declared schema, keys unique"),
                ("provider_coverage", "every row names a provider and a merged run"),
                ("mash_integrity", "every message has its conversation and text; one current version of each"),
                (NOTHING_FORGOTTEN, "no conversation that was forgotten is back"),
            ],
        )
        + check_specs(
            MASH,
            [(ALARM, "warns of agents' sessions that are about to be deleted and are not archived")],
            blocking=False,
        ),
    )
    @reporting
    def mash(
        config: MashCheck, home: HomeResource, mash_database: MashDatabase
    ) -> Iterator[dg.AssetCheckResult | dg.MaterializeResult]:
        place = home.open()
        path = place.mash
        if not path.exists():
            raise BadInput("the mash is empty", where=path.name, fix="take in an export first: `moonshine run PATH`")
        with mash_database.get_connection() as connection:
            verdicts = checked_gates(connection, place, checked_at=clock.iso(clock.now()), whole=config.whole)
            verdicts.append(nothing_forgotten(connection, entries(place)))
            overview = rows(connection, _OVERVIEW_SQL)
            counts = rows(
                connection,
                "SELECT (SELECT count(*) FROM main.conversations) AS conversations,"
                " (SELECT count(*) FROM main.messages) AS messages, (SELECT count(*) FROM store.runs) AS runs,"
                " (SELECT count(*) FROM store.texts) AS texts",
            )[0]
            state = mash_state(connection)
        for verdict in verdicts:
            yield check_result(verdict)
        risks = retention(clock.now(), Path.home(), place.archive)
        yield check_result(alarm(risks), dg.AssetCheckSeverity.WARN)
        if all(verdict.passed for verdict in verdicts):
            yield dg.MaterializeResult(
                metadata={
                    "dagster/row_count": counts["messages"],
                    **counts,
                    "size_bytes": path.stat().st_size,
                    "newest_runs": table_metadata(overview),
                    "database": dg.MetadataValue.path(path),
                },
                data_version=dg.DataVersion(state),
            )

    return mash
