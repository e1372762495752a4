"""main_ledger: the canonical count of the mash's present state, and its reconciliation."""

from __future__ import annotations

from collections.abc import Iterator

import dagster as dg

from moonshine_assets.dagster_checks import check_result, check_specs, reporting, table_metadata
from moonshine_assets.distill.assets import SLICE
from moonshine_assets.distill.run import distillation_run_id
from moonshine_assets.ledger.main_ledger import main_ledger, main_ledger_complete
from moonshine_assets.ledger.mismatch import in_words
from moonshine_assets.ledger.reconciliation import reconcile, reconciliation
from moonshine_assets.ledger.record import COUNTERS
from moonshine_assets.providers.family import OWNERS
from moonshine_resources import clock
from moonshine_resources.atomic import write_json_keeping
from moonshine_resources.resources import HomeResource, MashDatabase, PolicyResource, TokenizerResource

MAIN_LEDGER = dg.AssetKey("main_ledger")


@dg.asset(
    key=MAIN_LEDGER,
    deps=[SLICE],
    group_name="ledger",
    owners=OWNERS,
    kinds={"json"},
    output_required=False,
    description="Every token of the mash in four counters (o200k_base), with reasons; reconciled with the runs.",
    check_specs=check_specs(
        MAIN_LEDGER,
        [
            ("ledger_complete", "four counters, non-increasing, reasons exact, a second count agrees"),
            ("reconciliation", "run ledgers - superseded - repeated = main ledger; every mismatch explained"),
        ],
    ),
)
@reporting
def main_ledger_asset(
    home: HomeResource, mash_database: MashDatabase, policy: PolicyResource, tokenizer: TokenizerResource
) -> Iterator[dg.AssetCheckResult | dg.MaterializeResult]:
    place, rules, counter = home.open(), policy.load(), tokenizer.counter()
    moment = clock.now()
    with mash_database.get_connection() as connection:
        ledger = main_ledger(
            connection,
            counter=counter,
            policy_version=rules.version,
            run_id=distillation_run_id(connection, place, rules, moment),
            generated_at=clock.iso(moment),
        )
        record = reconcile(connection, place, ledger)
        verdicts = [main_ledger_complete(connection, ledger, counter), reconciliation(record)]
    for verdict in verdicts:
        yield check_result(verdict)
    if all(verdict.passed for verdict in verdicts):
        for path in (place.main_ledger, place.token_ledger):
            write_json_keeping(path, ledger)
        write_json_keeping(place.reconciliation, record)
        yield dg.MaterializeResult(
            metadata={
                **{name: ledger[name] for name in COUNTERS},
                "waterfall": table_metadata(ledger["waterfall"]),
                "by_provider": table_metadata(ledger["by_provider"]),
                "mismatches": table_metadata(in_words(record["mismatches"])),
                "ledger": dg.MetadataValue.path(place.token_ledger),
            }
        )
