"""The mixed sets as an asset."""

from __future__ import annotations

from collections.abc import Iterator

import dagster as dg

from moonshine_assets.dagster_checks import check_result, check_specs, reporting, table_metadata
from moonshine_assets.distill.run import distillation_run_id
from moonshine_assets.lanes.assets import lane_key
from moonshine_assets.lanes.build import LANES
from moonshine_assets.lanes.mixing.mix import MANIFEST, draft_mix, left_unbalanced, mix_balance, publish_mix
from moonshine_assets.lanes.mixing.units import qualities
from moonshine_assets.providers.family import OWNERS
from moonshine_resources import clock
from moonshine_resources.atomic import read_json
from moonshine_resources.resources import HomeResource, MashDatabase, PolicyResource

MIX = dg.AssetKey(["lanes", "mix"])


@dg.asset(
    key=MIX,
    deps=[lane_key(lane) for lane in LANES],
    group_name="lanes",
    owners=OWNERS,
    kinds={"json", "parquet"},
    output_required=False,
    description="Of each lane the rows that make its providers alike in quality and length; figures before and after.",
    check_specs=check_specs(MIX, [("mix_balance", "every two providers are within the policy's total variation")]),
)
@reporting
def mix_asset(
    home: HomeResource, mash_database: MashDatabase, policy: PolicyResource
) -> Iterator[dg.AssetCheckResult | dg.MaterializeResult]:
    place, rules = home.open(), policy.load()
    with mash_database.get_connection() as connection:
        run_id = distillation_run_id(connection, place, rules, clock.now())
        quality = qualities(connection)
    draft = draft_mix(place, run_id, rules, quality)
    verdict = mix_balance(place, run_id, draft, rules, quality)
    yield check_result(verdict)
    if verdict.passed:
        changed = publish_mix(draft, place.mix(run_id))
        manifest = read_json(place.mix(run_id) / MANIFEST)
        rows = {lane: sum(p["rows"] for p in told["after"].values()) for lane, told in manifest["lanes"].items()}
        yield dg.MaterializeResult(
            metadata={
                "dagster/row_count": sum(rows.values()),
                **{f"rows_{lane}": count for lane, count in rows.items()},
                "not_balanced": table_metadata(left_unbalanced(manifest)),
                "folder": dg.MetadataValue.path(place.mix(run_id)),
                "written": changed,
            }
        )
