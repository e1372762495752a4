"""The lanes as assets, one each from one factory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import dagster as dg

from moonshine_assets.dagster_checks import check_result, check_specs, reporting, table_metadata
from moonshine_assets.distill.assets import SLICE
from moonshine_assets.distill.redaction.accounts import account_identities
from moonshine_assets.distill.redaction.rules import Rules
from moonshine_assets.distill.run import distillation_run_id
from moonshine_assets.distill.selection import stored_selection
from moonshine_assets.distill.state import require_clean
from moonshine_assets.gates import Verdict, broken, held
from moonshine_assets.lanes.audit.labels import read
from moonshine_assets.lanes.audit.precision import withholding
from moonshine_assets.lanes.build import LANES, build_lane
from moonshine_assets.lanes.columns import columns
from moonshine_assets.lanes.draft import take_draft
from moonshine_assets.lanes.lint import lint
from moonshine_assets.lanes.sensitive import sensitive
from moonshine_assets.lanes.spill import Rows
from moonshine_assets.lanes.trainers.check import rendering_findings
from moonshine_assets.lanes.write import write_lane
from moonshine_assets.providers.family import OWNERS
from moonshine_resources import clock
from moonshine_resources.resources import HomeResource, MashDatabase, PolicyResource, TokenizerResource

_DESCRIPTIONS = {
    "conversational": "Active paths of real conversations, for supervised fine-tuning.",
    "dpo": "Two answers to one prompt, the better by what the person said or did: prompt, chosen, rejected.",
    "kto": "Answers the person approved or rejected, one at a time: prompt, completion, label.",
    "grpo": "Prompts with a deterministic verifier that passes a recorded answer.",
    "agentic_code": "Tool-using conversations: every call with its result, outcome from exit flags.",
}


def trainer_lint(lane: str, rows: Rows) -> Verdict:
    """Every row is of the form trainers load, and rows rendered keep all they say (LANES-FACTS §1)."""
    findings = lint(rows, lane) or rendering_findings(rows, lane)
    if findings:
        return broken("trainer_lint", f"{len(findings)} findings in {len(rows)} rows", [f._asdict() for f in findings])
    return held("trainer_lint", f"{len(rows)} rows are of the form trainers load", rows=len(rows))


def _audited(one: dict[str, Any]) -> dict[str, Any]:
    """What a person looks for of a signal's audit."""
    return {name: one[name] for name in ("signal", "tier", "rows", "right", "wrong", "precision", "low", "status")}


def lane_key(lane: str) -> dg.AssetKey:
    return dg.AssetKey(["lanes", lane])


def lane_asset(lane: str) -> dg.AssetsDefinition:
    """The asset of one lane."""

    @dg.asset(
        key=lane_key(lane),
        deps=[SLICE],
        group_name="lanes",
        owners=OWNERS,
        kinds={"json", "parquet"},
        output_required=False,
        description=_DESCRIPTIONS[lane],
        metadata={
            "dagster/column_schema": dg.TableSchema(
                columns=[dg.TableColumn(name, str(kind)) for name, kind in columns(lane).items()]
            )
        },
        check_specs=check_specs(
            lane_key(lane),
            [
                ("trainer_lint", "every row is of the form trainers load unharmed"),
                ("secrets", "no string of a row matches a rule for secrets"),
                ("pii", "no string of a row matches a rule for personal data"),
            ],
        ),
    )
    @reporting
    def build(
        home: HomeResource, mash_database: MashDatabase, policy: PolicyResource, tokenizer: TokenizerResource
    ) -> Iterator[dg.AssetCheckResult | dg.MaterializeResult]:
        place, rules = home.open(), policy.load()
        labels = read(place.audit_labels)
        withhold = withholding(labels, rules.audit)
        with mash_database.get_connection() as connection:
            run_id = distillation_run_id(connection, place, rules, clock.now())
            require_clean(connection, rules)
            accounts = account_identities(connection, place)
            candidates, below = stored_selection(connection)
            result = take_draft(
                place.lane_draft(lane, run_id),
                lambda: build_lane(
                    connection,
                    lane,
                    rules,
                    run_id,
                    among=candidates,
                    leave_out=lambda _: below,
                    withhold=withhold,
                    count=tokenizer.count_many,
                ),
            )
        searched = Rules(rules.redaction, accounts.identities)
        verdicts = [trainer_lint(lane, result.rows), *sensitive(result.rows, searched)]
        for verdict in verdicts:
            yield check_result(verdict)
        if all(verdict.passed for verdict in verdicts):
            written = write_lane(place, lane, run_id, rules, result, labels)
            dropped = [{"reason": reason, "candidates": n} for reason, n in result.dropped.items()]
            yield dg.MaterializeResult(
                metadata={
                    "dagster/row_count": len(result.rows),
                    "rows": len(result.rows),
                    "candidates": result.candidates,
                    "tokens": sum(entry.tokens for entry in result.rows.entries),
                    "dropped": table_metadata(dropped),
                    "folder": dg.MetadataValue.path(written.folder),
                    "audit": table_metadata([_audited(one) for one in written.manifest["audit"]]),
                    "written": written.changed,
                }
            )

    return build


def lane_assets() -> list[dg.AssetsDefinition]:
    return [lane_asset(lane) for lane in LANES]
