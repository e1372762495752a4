"""Manifests, corpus report, pictures and validation: what people and machines read of the present state."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

import dagster as dg

from moonshine_assets.dagster_checks import check_result, check_specs, reporting, table_metadata
from moonshine_assets.distill.gates import no_contamination, slice_schema, token_band
from moonshine_assets.distill.run import distillation_run_id
from moonshine_assets.distill.waterfall import counters
from moonshine_assets.gates import Verdict, require
from moonshine_assets.lanes.assets import lane_key
from moonshine_assets.lanes.build import LANES
from moonshine_assets.ledger.assets import MAIN_LEDGER
from moonshine_assets.ledger.reconciliation import reconciliation
from moonshine_assets.mash.contracts import query_contracts
from moonshine_assets.mash.state import mash_state
from moonshine_assets.mash.vouched import checked_gates
from moonshine_assets.providers.family import OWNERS
from moonshine_assets.reports.citations import citations
from moonshine_assets.reports.corpus_report import corpus_report
from moonshine_assets.reports.manifests import authority_manifest, distillation_manifest, manifest_documents
from moonshine_assets.reports.page.asset import page_asset
from moonshine_assets.reports.placeholders import no_placeholder
from moonshine_assets.reports.status import status_as_written, write_status
from moonshine_assets.reports.validation import validation_manifest
from moonshine_assets.reports.visuals import draw_visuals
from moonshine_resources import clock
from moonshine_resources.atomic import read_json
from moonshine_resources.resources import HomeResource, MashDatabase, PolicyResource

MANIFESTS = dg.AssetKey("manifests")
REPORT = dg.AssetKey("corpus_report")
STATUS = dg.AssetKey("status")
VISUALS = dg.AssetKey("visuals")
VALIDATION = dg.AssetKey("validation")


@dg.asset(
    key=MANIFESTS,
    deps=[MAIN_LEDGER, *(lane_key(lane) for lane in LANES)],
    group_name="reports",
    owners=OWNERS,
    kinds={"json"},
    output_required=False,
    description="The distillation manifest and the list of files whose totals may be quoted.",
    check_specs=check_specs(MANIFESTS, [("no_placeholder", "no identifying field is empty, a stand-in or made up")]),
)
@reporting
def manifests(
    home: HomeResource, mash_database: MashDatabase, policy: PolicyResource
) -> Iterator[dg.AssetCheckResult | dg.MaterializeResult]:
    place, rules, moment = home.open(), policy.load(), clock.now()
    with mash_database.get_connection() as connection:
        run_id = distillation_run_id(connection, place, rules, moment)
        state = mash_state(connection)
    manifest = distillation_manifest(
        place, policy=rules, run_id=run_id, mash_state=state, generated_at=clock.iso(moment)
    )
    authority = authority_manifest(place, clock.iso(moment))
    verdict = no_placeholder(manifest_documents(place))
    yield check_result(verdict)
    if verdict.passed:
        rows = [
            {"lane": name, "rows": lane["rows"], "tokens": lane["tokens"]} for name, lane in manifest["lanes"].items()
        ]
        yield dg.MaterializeResult(
            metadata={
                "lanes": table_metadata(rows),
                "policy_version": rules.version,
                "band": manifest["band"]["reason"],
                "quotable_files": len(authority["authoritative"]),
                "not_authoritative": len(authority["not_authoritative"]),
                "manifest": dg.MetadataValue.path(place.distillation_manifest),
            }
        )


@dg.asset(
    key=STATUS,
    deps=[MANIFESTS],
    group_name="reports",
    owners=OWNERS,
    kinds={"markdown"},
    output_required=False,
    description="The status block of reports/README.md: date, run, counters, lanes; the text around it stays.",
    check_specs=check_specs(STATUS, [("citations", "nobody has written into the block since it was made")]),
)
@reporting
def status(home: HomeResource) -> Iterator[dg.AssetCheckResult | dg.MaterializeResult]:
    place = home.open()
    verdict = status_as_written(place)
    yield check_result(verdict)
    if verdict.passed:
        block = write_status(place)
        yield dg.MaterializeResult(
            metadata={"status": dg.MetadataValue.md(block), "page": dg.MetadataValue.path(place.status_page)}
        )


@dg.asset(
    key=VISUALS,
    deps=[MANIFESTS],
    group_name="reports",
    owners=OWNERS,
    kinds={"image"},
    description="Pictures: the ledger waterfall, messages by month, candidates and rows of each lane.",
)
@reporting
def visuals(home: HomeResource, mash_database: MashDatabase) -> Iterator[dg.MaterializeResult]:
    with mash_database.get_connection() as connection:
        paths = draw_visuals(connection, home.open())
    yield dg.MaterializeResult(metadata={path.stem: _picture(path) for path in paths})


def _picture(path: Path) -> dg.MarkdownMetadataValue:
    """A picture inside the metadata itself, so that the UI shows it without reading files."""
    data = base64.b64encode(path.read_bytes()).decode("ascii")
    return dg.MetadataValue.md(f"![{path.stem}](data:image/png;base64,{data})")


@dg.asset(
    key=REPORT,
    deps=[VISUALS, STATUS],
    group_name="reports",
    owners=OWNERS,
    kinds={"markdown"},
    output_required=False,
    description="What the mash holds, in numbers that each cite the ledger field they come from; no message text.",
    check_specs=check_specs(REPORT, [("citations", "every printed total cites its file and equals it")]),
)
@reporting
def corpus_report_asset(
    home: HomeResource, mash_database: MashDatabase
) -> Iterator[dg.AssetCheckResult | dg.MaterializeResult]:
    place = home.open()
    with mash_database.get_connection() as connection:
        text = corpus_report(connection, place, clock.iso(clock.now()))
    # The validation report is of the state before until its own stage has written it.
    verdict = citations(place, without=[place.validation_report])
    yield check_result(verdict)
    if verdict.passed:
        yield dg.MaterializeResult(
            metadata={"report": dg.MetadataValue.md(text), "path": dg.MetadataValue.path(place.corpus_report)}
        )


@dg.asset(
    key=VALIDATION,
    deps=[REPORT],
    group_name="reports",
    owners=OWNERS,
    kinds={"json"},
    description="Every gate asked once more of the published state, with the hashes of its files.",
)
@reporting
def validation(
    home: HomeResource, mash_database: MashDatabase, policy: PolicyResource
) -> Iterator[dg.MaterializeResult]:
    place, rules = home.open(), policy.load()
    verdicts: dict[str, list[Verdict]] = {}
    with mash_database.get_connection() as connection:
        verdicts["mash"] = checked_gates(connection, place, checked_at=clock.iso(clock.now()))
        verdicts["distilled_slice"] = [
            slice_schema(connection),
            no_contamination(connection),
            token_band(rules, counters(connection)),
            query_contracts(connection),
        ]
    verdicts["main_ledger"] = [reconciliation(read_json(place.reconciliation))]
    read = citations(place, without=[place.validation_report])
    verdicts["reports"] = [no_placeholder(manifest_documents(place)), read]
    manifest = validation_manifest(place, verdicts, clock.iso(clock.now()))
    require([verdict for stage in verdicts.values() for verdict in stage], where="validation")
    # Its own report is read too, now that it is there.
    require([citations(place)], where="validation")
    gates = [{"stage": g["stage"], "gate": g["gate"], "passed": g["passed"]} for g in manifest["gates"]]
    yield dg.MaterializeResult(
        metadata={
            "gates": table_metadata(gates),
            "passed": manifest["passed"],
            "files": len(manifest["files"]),
            "report": dg.MetadataValue.path(place.validation_report),
        }
    )


def report_assets() -> list[dg.AssetsDefinition]:
    return [manifests, status, visuals, page_asset([MANIFESTS]), corpus_report_asset, validation]
