"""One stage in a process of its own: `python -m benchmarks.lanes_step mash|clean|slice|lanes|mix HOME [EXPORT]`.

    mash    the export to a mash of one run (not part of what is measured)
    clean   what cleaning derives of the mash
    slice   the slice, every lane's rows
    lanes   lint, secrets and personal data, JSONL, Parquet, card and manifest of every lane
    mix     the mixed sets

Prints one JSON object with the counts of the stage.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from moonshine_assets.distill.clean import clean
from moonshine_assets.distill.policy import load as load_policy
from moonshine_assets.distill.redaction.rules import Rules
from moonshine_assets.distill.slice import write_slice
from moonshine_assets.exports.register import register
from moonshine_assets.gates import require
from moonshine_assets.lanes.assets import trainer_lint
from moonshine_assets.lanes.build import LANES, LaneResult
from moonshine_assets.lanes.draft import save_draft, take_draft
from moonshine_assets.lanes.mixing.mix import draft_mix, mix_balance, publish_mix
from moonshine_assets.lanes.mixing.units import qualities
from moonshine_assets.lanes.sensitive import sensitive
from moonshine_assets.lanes.write import write_lane
from moonshine_assets.mash.merge import RunFacts, merge_run
from moonshine_assets.providers.provider_db import produce_database
from moonshine_assets.providers.source import read_lock, secure
from moonshine_resources import clock
from moonshine_resources.atomic import sha256_file
from moonshine_resources.duckdb import connect
from moonshine_resources.home import Home
from moonshine_resources.tokenizer.counter import load

RUN_ID = "main_20260101_000000"
POLICY = load_policy("default")


def mash(home: Home, export: Path) -> dict[str, Any]:
    run = home.run(register(home, export, moment=clock.now()).run_id)
    lock = read_lock(run)
    counter = load(home.vocabulary_folder)
    produce_database(run, lock, secure(run).path, counter.count_many, gates=lambda _: [], generated_at="-")
    home.mash.parent.mkdir(parents=True, exist_ok=True)
    facts = RunFacts(run.run_id, run.provider, run.database, sha256_file(run.database), 1, 1)
    with connect(home.mash, read_only=False) as connection:
        merge_run(connection, facts, moment=clock.now(), reason="benchmark", gates=lambda _: [])
        ((messages, tokens),) = connection.execute(
            "SELECT count(*), sum(content_tokens)::BIGINT FROM main.messages WHERE role <> 'system'"
        ).fetchall()
    return {"messages": messages, "tokens": tokens}


def cleaned(home: Home) -> dict[str, Any]:
    with connect(home.mash, read_only=False) as connection:
        done = clean(connection, POLICY, load(home.vocabulary_folder))
    return {"scanned": done.scanned}


def sliced(home: Home) -> dict[str, Any]:
    counter = load(home.vocabulary_folder)
    with connect(home.mash, read_only=False) as connection:
        report = write_slice(connection, POLICY, RUN_ID, count=counter.count_many)
        for lane, built in report.lanes.items():
            save_draft(home.lane_draft(lane, RUN_ID), built)
    return {"conversations": report.conversations, "messages": report.messages}


def lanes(home: Home) -> dict[str, Any]:
    rows = {}
    for lane in LANES:
        result = take_draft(home.lane_draft(lane, RUN_ID), _missing)
        require([trainer_lint(lane, result.rows), *sensitive(result.rows, Rules(POLICY.redaction))], where=lane)
        written = write_lane(home, lane, RUN_ID, POLICY, result)
        rows[lane] = {"rows": written.manifest["rows"], "tokens": written.manifest["tokens"]}
    return rows


def mixed(home: Home) -> dict[str, Any]:
    with connect(home.mash, read_only=True) as connection:
        quality = qualities(connection)
    draft = draft_mix(home, RUN_ID, POLICY, quality)
    require([mix_balance(home, RUN_ID, draft, POLICY, quality)], where="mix")
    return {"written": publish_mix(draft, home.mix(RUN_ID))}


def _missing() -> LaneResult:
    raise SystemExit("the stage before did not leave this lane")


def main() -> None:
    what, home = sys.argv[1], Home.at(sys.argv[2])
    if what == "mash":
        said = mash(home, Path(sys.argv[3]))
    else:
        said = {"clean": cleaned, "slice": sliced, "lanes": lanes, "mix": mixed}[what](home)
    print(json.dumps(said))


if __name__ == "__main__":
    main()
