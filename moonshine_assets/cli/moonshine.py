"""The `moonshine` command: exports to lanes."""

from __future__ import annotations

import json
import os
import sys
from itertools import groupby
from pathlib import Path
from typing import Any, NoReturn

import click

from moonshine_assets.cli import show, summaries
from moonshine_assets.cli.archive import archive, restore
from moonshine_assets.cli.forget import finish_pending, forget
from moonshine_assets.cli.instance import open_instance, use_home
from moonshine_assets.cli.lanes import lanes
from moonshine_assets.cli.options import as_json, at_home
from moonshine_assets.cli.outcome import BAD_INPUT, FAILED, OK, exiting, say, say_line
from moonshine_assets.cli.preparation import make_ready
from moonshine_assets.cli.progress_bar import progress_bar
from moonshine_assets.cli.quarantine import quarantine
from moonshine_assets.cli.query import answer, listed, render
from moonshine_assets.cli.rollback import rollback
from moonshine_assets.cli.search import search
from moonshine_assets.cli.verify import verify
from moonshine_assets.distill.policy import load as load_policy
from moonshine_assets.errors import BadInput
from moonshine_assets.mash.order import configured_order
from moonshine_assets.providers.categories import category_matrix
from moonshine_resources.home import PROJECT_ROOT, Home


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="moonshine")
def main() -> None:
    """Account exports in; one exact token ledger, one query-first mash, four training lanes out.

    Exit codes: 0 all gates hold, 1 a gate failed, 2 bad input.
    """


@main.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@at_home
@click.option("--policy", help="Distillation policy: default, seed, or a .toml file.")
@exiting
def run(paths: tuple[Path, ...], home_dir: Path | None, policy: str | None) -> int:
    """Take in the given exports, or everything new in the inbox, through the whole graph."""
    home = Home.at(home_dir)
    use_home(home)
    if policy:
        os.environ["MOONSHINE_POLICY"] = policy
    # A policy or an order that cannot be read is told before anything is done.
    load_policy(policy or os.environ.get("MOONSHINE_POLICY") or "default")
    configured_order()
    make_ready(home)
    finish_pending(home)
    # The definitions load Dagster and every asset: only commands that execute them pay for that.
    from moonshine_assets.cli.take_in import distil, in_order, is_merged, registered, take_in, taken_out
    from sensors.abandoned import end_abandoned, living

    home.inbox.mkdir(parents=True, exist_ok=True)
    refusals: list[BadInput] = []
    codes = {OK}
    troubles_told: set[str] = set()

    def refuse(refusal: BadInput) -> None:
        refusals.append(refusal)
        codes.add(BAD_INPUT)
        say(refusal)

    with progress_bar("registering"):
        runs = in_order(registered(home, paths, refuse))
    gone = taken_out(home)
    if not paths:
        for registration in runs:
            if registration.run_id in gone:
                click.echo(f"{registration.run_id}: rolled back before, left out; give its export as PATH to merge it")
        runs = [registration for registration in runs if registration.run_id not in gone]
    if not runs and not home.mash.exists():
        if not refusals:
            raise BadInput(
                "nothing to take in", where=str(home.inbox), fix="give a path, or put an export into this folder"
            )
        return BAD_INPUT
    with open_instance() as instance, living(instance) as tags:
        end_abandoned(instance)
        for number, registration in enumerate(runs, 1):
            again = is_merged(instance, registration) and registration.run_id not in gone
            with progress_bar(f"{number}/{len(runs)} {registration.run_id}"):
                troubles = take_in(instance, registration, tags)
            click.echo(f"{registration.run_id}: {_outcome(troubles, again=again)}")
            codes |= _told(troubles, troubles_told)
        if home.mash.exists():
            with progress_bar("distilling"):
                codes |= _told(distil(instance, tags), troubles_told)
    _print_summary(home, [registration.run_id for registration in runs])
    return FAILED if FAILED in codes else max(codes)


def _outcome(troubles: list[Any], *, again: bool) -> str:
    if troubles:
        return "refused, the mash keeps what it had" if again else "not merged"
    return "verified again, same bytes as before" if again else "merged"


def _told(troubles: list[Any], before: set[str]) -> set[int]:
    """Exit codes of troubles; each line is said once, a damaged file may stop several runs."""
    for trouble in troubles:
        if trouble.line not in before:
            say_line(trouble.line)
        before.add(trouble.line)
    return {trouble.exit_code for trouble in troubles}


def _print_summary(home: Home, run_ids: list[str]) -> None:
    out = show.console()
    found = summaries.receipts(home, run_ids)
    if found:
        _print_receipts(found)
    if home.token_ledger.exists():
        _print_ledger(summaries.ledger(home))
    lanes = summaries.lanes(home)
    if lanes:
        out.print(show.table("Lanes", lanes, ["lane", "rows", "candidates", "tokens"]))
    files = {
        "mash": home.mash,
        "ledger": home.token_ledger,
        "report": home.corpus_report,
        "lanes": home.distillations,
        "manifest": home.distillation_manifest,
    }
    out.print(show.table("Files", [{"what": k, "where": str(v)} for k, v in files.items() if v.exists()]))


def _print_receipts(found: list[dict[str, Any]]) -> None:
    """One table for bytes and conversations, one for nodes; a file with neither shows its bytes alone."""
    for unit in ("conversations", "nodes"):
        prefix = f"{unit}_"
        lines = [
            {
                "run": row["run"],
                "file": row["file"],
                **({"bytes": row["bytes_total"]} if unit == "conversations" else {}),
                **{name.removeprefix(prefix): count for name, count in row.items() if name.startswith(prefix)},
            }
            for row in summaries.folded(found)
            if unit == "conversations" or row[f"{prefix}in"]
        ]
        show.console().print(show.table(f"Receipt: {unit}", lines))


def _print_categories(found: list[dict[str, Any]]) -> None:
    """A table a run: the counts of each file, the categories beside each other."""
    for run, files in groupby(found, key=lambda row: row["run"]):
        lines = category_matrix({row["file"]: row["categories"] for row in files})
        if lines:
            show.console().print(show.table(f"Receipt by category: {run}", lines))


def _print_ledger(ledger: dict[str, Any]) -> None:
    from moonshine_assets.ledger.record import COUNTERS

    lines: list[dict[str, Any]] = []
    for name in COUNTERS:
        lines.append({"counter": name, "reason": "", "tokens": ledger[name]})
        lines += [
            {"counter": "", "reason": f"- {step['reason']}", "tokens": step["tokens"]}
            for step in ledger["waterfall"]
            if step["from_counter"] == name and step["tokens"]
        ]
    show.console().print(show.table(f"Ledger ({ledger['tokenizer']}, {ledger['run_id']})", lines))


@main.command()
@at_home
@as_json
@exiting
def status(home_dir: Path | None, as_json: bool) -> int:
    """Runs and their state, refused sources, mash, ledger, lanes."""
    found = summaries.status(Home.at(home_dir))
    if as_json:
        click.echo(json.dumps(found, indent=2))
        return OK
    out = show.console()
    out.print(f"home: {found['home']}", highlight=False)
    out.print(show.table("Runs", found["runs"]) if found["runs"] else "no runs yet: `moonshine run PATH`")
    if found["refused"]:
        out.print(show.table("Refused", found["refused"]))
    if found["ledger"]:
        out.print(show.table("Ledger", [{"counter": k, "tokens": v} for k, v in found["ledger"].items()]))
    if found["lanes"]:
        out.print(show.table("Lanes", found["lanes"], ["lane", "rows", "candidates", "tokens"]))
    if found["retention"]:
        out.print(show.table("Agent logs", found["retention"]))
    return OK


@main.command()
@at_home
@as_json
@exiting
def ledger(home_dir: Path | None, as_json: bool) -> int:
    """The token ledger: four counters and every reason between them."""
    found = summaries.ledger(Home.at(home_dir))
    if as_json:
        click.echo(json.dumps(found, indent=2, ensure_ascii=False))
    else:
        _print_ledger(found)
    return OK


@main.command()
@click.argument("run_ids", nargs=-1)
@at_home
@as_json
@exiting
def receipts(run_ids: tuple[str, ...], home_dir: Path | None, as_json: bool) -> int:
    """What came in and what became of it, by run and file."""
    home = Home.at(home_dir)
    found = summaries.receipts(home, list(run_ids) or None)
    if as_json:
        click.echo(json.dumps(found, indent=2))
    elif found:
        _print_receipts(found)
        _print_categories(found)
    else:
        click.echo("no published runs yet: `moonshine run PATH`")
    return OK


@main.command()
@click.argument("name_or_sql", required=False)
@at_home
@as_json
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV.")
@click.option("--list", "list_names", is_flag=True, help="List the named queries.")
@exiting
def query(name_or_sql: str | None, home_dir: Path | None, as_json: bool, as_csv: bool, list_names: bool) -> int:
    """Ask the mash: a named query or SQL, read-only."""
    if list_names or not name_or_sql:
        names = listed()
        if as_json:
            click.echo(json.dumps(names))
        else:
            lines = [{**one, "columns": ", ".join(column["name"] for column in one["columns"])} for one in names]
            show.console().print(show.table("Named queries", lines))
        return OK if list_names else BAD_INPUT
    click.echo(render(answer(Home.at(home_dir), name_or_sql), "json" if as_json else "csv" if as_csv else "table"))
    return OK


@main.command(context_settings={"ignore_unknown_options": True})
@at_home
@click.option("--port", default=3000, show_default=True, help="Port on loopback.")
@exiting
def ui(home_dir: Path | None, port: int) -> NoReturn:
    """Open the Dagster UI of this home: webserver, sensors and schedules, on loopback only."""
    home = Home.at(home_dir)
    use_home(home)
    home.inbox.mkdir(parents=True, exist_ok=True)
    from sensors.abandoned import end_abandoned

    with open_instance() as instance:
        end_abandoned(instance)
    click.echo(f"Moonshine UI on http://127.0.0.1:{port} (home {home.root}); Ctrl-C ends it", err=True)
    policy = os.environ.get("MOONSHINE_POLICY", "")
    if Path(policy).is_file():
        os.environ["MOONSHINE_POLICY"] = str(Path(policy).absolute())
    workspace = str(PROJECT_ROOT / "workspace.yaml")
    # `dg dev` takes no workspace file; `dagster dev` recommends it at every start.
    quiet = ["-W", "ignore:Function `dev_command` is superseded"]
    command = [sys.executable, *quiet, "-m", "dagster", "dev", "-w", workspace, "-h", "127.0.0.1", "-p", str(port)]
    # In the instance's own folder: elsewhere Dagster warns of the project's dagster.yaml, which is its pattern.
    os.chdir(os.environ["DAGSTER_HOME"])
    # In this process's place: whoever stops this command, by whatever signal, stops the servers.
    os.execv(sys.executable, command)  # noqa: S606 - our own words and a number


main.add_command(lanes)
main.add_command(quarantine)
main.add_command(search)
main.add_command(rollback)
main.add_command(forget)
main.add_command(verify)
main.add_command(archive)
main.add_command(restore)

if __name__ == "__main__":
    main()
