"""One export to its provider database and exact ledger, every gate of that path included, without an orchestrator:
`python -m benchmarks.to_ledger EXPORT --home FOLDER` prints one JSON object.

    messages, raw_tokens, and stages: {name: [wall seconds, CPU seconds]}
"""

import argparse
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from moonshine_assets.cli.preparation import make_ready
from moonshine_assets.distill.policy import load as load_policy
from moonshine_assets.errors import GateFailed
from moonshine_assets.exports.register import register
from moonshine_assets.gates import require
from moonshine_assets.ledger.raw import counting_beside, kept_or_counted
from moonshine_assets.ledger.run_ledger import ledger_complete, run_ledger
from moonshine_assets.providers.gates import draft_gates, source_lock
from moonshine_assets.providers.provider_db import produce_database
from moonshine_assets.providers.source import read_lock, secure
from moonshine_resources import clock
from moonshine_resources.atomic import write_json
from moonshine_resources.duckdb import connect
from moonshine_resources.home import Home
from moonshine_resources.tokenizer.counter import load

_stages: dict[str, list[float]] = {}


@contextmanager
def stage(name: str) -> Iterator[None]:
    wall, cpu = time.perf_counter(), time.process_time()
    try:
        yield
    finally:
        _stages[name] = [round(time.perf_counter() - wall, 3), round(time.process_time() - cpu, 3)]


def to_ledger(home: Home, export: Path) -> dict[str, object]:
    """The same functions as the assets provider_export, provider_db and token_ledger call, in their order.

    Raises GateFailed where one of their gates would be red.
    """
    make_ready(home)
    with stage("register"):
        run = home.run(register(home, export, moment=clock.now()).run_id)
        lock = read_lock(run)
    with stage("archive the export"):
        secured = secure(run)
        require([source_lock(secured, lock, "")], where=run.run_id)
    with stage("tokenizer"):
        counter = load(home.vocabulary_folder)
    now = clock.iso(clock.now())
    with stage("provider database, raw tokens beside"), counting_beside(run, secured.path, lock, counter):
        produced = produce_database(
            run,
            lock,
            secured.path,
            counter.count_many,
            gates=lambda connection: draft_gates(connection, run.provider, run.run_id),
            generated_at=now,
        )
    if produced.manifest is None:
        raise GateFailed("a gate of the provider database is red", where=run.run_id, fix="see its verdicts")
    with stage("ledger and second count"), connect(run.database, read_only=True) as connection:
        ledger = run_ledger(
            connection,
            lock=lock,
            raw_by_member=kept_or_counted(run, secured.path, lock, counter),
            counter=counter,
            policy_version=load_policy("default").version,
            generated_at=now,
        )
        verdict = ledger_complete(connection, ledger, raw=secured.path, lock=lock, work=run.work, counter=counter)
        require([verdict], where=run.run_id)
        write_json(run.ledger, ledger)
    return {"messages": produced.manifest["rows"]["messages"], "raw_tokens": ledger["raw_json_tokens"]}


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.to_ledger", description=__doc__)
    parser.add_argument("export", type=Path)
    parser.add_argument("--home", type=Path, required=True)
    options = parser.parse_args()
    home = Home.at(options.home)
    home.root.mkdir(parents=True, exist_ok=True)
    counts = to_ledger(home, options.export)
    print(json.dumps({**counts, "stages": _stages, "cpu": round(time.process_time(), 2)}))


if __name__ == "__main__":
    main()
