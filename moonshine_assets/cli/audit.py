"""`moonshine lanes audit`: people judge a sample of a lane's rows; what came of it."""

from __future__ import annotations

import getpass
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console

from moonshine_assets.cli import show
from moonshine_assets.cli.options import as_json, at_home
from moonshine_assets.cli.outcome import OK, exiting
from moonshine_assets.errors import BadInput
from moonshine_resources import clock
from moonshine_resources.home import Home

if TYPE_CHECKING:
    from moonshine_assets.lanes.audit.labels import Label
    from moonshine_assets.lanes.audit.sample import Stratum
    from moonshine_assets.lanes.published import PublishedLane
    from moonshine_resources.language_models import ModelProvider


@click.command()
@click.option("--lane", help="Only this lane; default: all.")
@click.option("--signal", help="Only rows of this signal.")
@click.option("--run", "run_id", help="A distillation; default: the newest.")
@click.option("--n", "count", type=click.IntRange(1), help="Rows of each signal; default: what the policy says (100).")
@click.option("--seed", default=1, show_default=True, help="Another seed draws other rows.")
@click.option("--labeller", help="Who judges; default: the user name.")
@click.option("--skipped", is_flag=True, help="Show rows again that were left open.")
@click.option("--report", "reported", is_flag=True, help="Print what is known instead of judging.")
@click.option(
    "--judge",
    "provider",
    type=click.Choice(["openai", "anthropic", "gemini", "openai-compatible"]),
    help="Ask a language model about the rows people judged. Sends their text there; its key is in the environment.",
)
@click.option("--judge-model", default="", help="Its model; default: the provider's.")
@click.option("--judge-url", default="", help="Its address; openai-compatible needs one.")
@click.option("--policy", help="Distillation policy: default, seed, or a .toml file.")
@at_home
@as_json
@exiting
def audit(
    lane: str | None,
    signal: str | None,
    run_id: str | None,
    count: int | None,
    seed: int,
    labeller: str | None,
    skipped: bool,
    reported: bool,
    provider: ModelProvider | None,
    judge_model: str,
    judge_url: str,
    policy: str | None,
    home_dir: Path | None,
    as_json: bool,
) -> int:
    """Judge a sample of rows in the terminal, one key each; how often labels are right, with intervals.

    Rows come in an order drawn by the seed, a hundred of each signal. Every answer is kept before the next row is
    shown; the same command goes on where the last sitting ended.
    """
    from moonshine_assets.distill.policy import load
    from moonshine_assets.lanes.audit.labels import append, read
    from moonshine_assets.lanes.published import published

    home = Home.at(home_dir)
    rules = load(policy or os.environ.get("MOONSHINE_POLICY") or "default")
    lanes = published(home, lane, run_id)
    labels = read(home.audit_labels)
    if provider:
        _ask_model(home, lanes, labels, provider, judge_model, judge_url)
        reported = True
    if reported or as_json:
        return _print_report(home, lanes, labels, rules, as_json=as_json)
    from moonshine_assets.cli.judge_rows import judge
    from moonshine_assets.lanes.audit.judging import Judging

    drawn = [stratum for one in lanes for stratum in _strata(one, count or rules.audit.rows_per_signal, seed, signal)]
    if not drawn:
        raise BadInput("no such rows", where=signal or lane or "", fix="`moonshine lanes audit --report` lists signals")
    judging = Judging(
        drawn,
        labels,
        labeller=labeller or getpass.getuser(),
        seed=seed,
        keep=lambda label: append(home.audit_labels, label),
        now=clock.now,
        again=skipped,
    )
    done = judge(judging, Console())
    open_ = sum(judging.counts(stratum).total() < len(stratum.drawn) for stratum in drawn)
    click.echo("all rows are judged" if done else f"kept; signals with open rows: {open_}; run the same to go on")
    click.echo("`moonshine lanes audit --report` shows the figures, `moonshine run` puts them into manifests and cards")
    return OK


def _strata(lane: PublishedLane, count: int, seed: int, signal: str | None) -> list[Stratum]:
    from moonshine_assets.lanes.audit.sample import strata
    from moonshine_assets.lanes.published import files, rows_of

    return strata(rows_of(files(lane, "all")), lane.lane, count, seed, signal)


def _ask_model(
    home: Home, lanes: list[PublishedLane], labels: list[Label], provider: ModelProvider, model: str, url: str
) -> None:
    from moonshine_assets.cli.progress_bar import progress_bar
    from moonshine_assets.lanes.audit.labels import append, read, row_key, standing
    from moonshine_assets.lanes.audit.opinions import Opinion, ask
    from moonshine_assets.lanes.published import files, rows_of
    from moonshine_resources import progress
    from moonshine_resources.language_models import model_of

    asked = model_of(provider, os.environ, model=model, base_url=url)
    judged = {label.row for label in standing(labels).values() if label.verdict in ("right", "wrong")}
    if not judged:
        raise BadInput("nobody has judged a row yet", fix="a model is asked about rows that people judged: judge some")

    def rows() -> Iterator[tuple[str, str, Any]]:
        for lane in lanes:
            for row in rows_of(files(lane, "all")):
                key = row_key(row, lane.lane)
                if key in judged:
                    yield lane.lane, key, row

    with progress_bar(f"asking {asked.model}"):
        for done, opinion in enumerate(ask(rows(), asked, read(home.audit_opinions, Opinion), clock.now), 1):
            append(home.audit_opinions, opinion)
            progress.report("rows", done, len(judged))


def _print_report(home: Home, lanes: list[PublishedLane], labels: list[Label], rules: Any, *, as_json: bool) -> int:
    from moonshine_assets.distill.state import require_clean
    from moonshine_assets.lanes.audit.functions import functions
    from moonshine_assets.lanes.audit.labels import read
    from moonshine_assets.lanes.audit.opinions import Opinion, agreements, between_people
    from moonshine_assets.lanes.audit.precision import precisions
    from moonshine_assets.lanes.published import files, rows_of
    from moonshine_assets.lanes.reading import exchanges
    from moonshine_assets.lanes.reading import read as read_conversations
    from moonshine_resources.duckdb import connect

    found = [
        one.shown() for lane in lanes for one in precisions(rows_of(files(lane, "all")), lane.lane, labels, rules.audit)
    ]
    models = [one._asdict() for one in agreements(labels, read(home.audit_opinions, Opinion))]
    people = [
        {"lane": lane, "signal": signal, "rows": rows, "kappa": value}
        for (lane, signal), (rows, value) in between_people(labels).items()
    ]
    rated: list[dict[str, Any]] = []
    if home.mash.exists():
        with connect(home.mash, read_only=True) as connection:
            require_clean(connection, rules)
            told = functions(read_conversations(connection, exchanges(connection)), rules)
        rated = [one._asdict() for one in told]
    if as_json:
        data = {"precision": found, "models": models, "people": people, "functions": rated}
        click.echo(json.dumps(data, indent=2, ensure_ascii=False))
        return OK
    out = show.console()
    out.print(show.table("Precision by signal, 95 % intervals", [_line(one, models) for one in found]))
    if people:
        out.print(show.table("Between people", [_figures(one) for one in people]))
    if rated:
        out.print(show.table("Labelling functions", [_shares(one) for one in rated]))
    return OK


def _line(one: dict[str, Any], models: list[dict[str, Any]]) -> dict[str, Any]:
    """A signal as a line; what models said of the same rows stands beside it, never in its place."""
    line = {
        "lane": one["lane"],
        "signal": one["signal"],
        "tier": one["tier"],
        "rows": one["rows"],
        "judged": f"{one['right'] + one['wrong']} of {one['sample']}",
        "skipped": one["skipped"],
        "precision": _percent(one["precision"]),
        "interval": f"{_percent(one['low'])} to {_percent(one['high'])}" if one["precision"] is not None else "",
        "bound": _percent(one["bound"]) if one["bound"] else "",
        "status": one["status"],
    }
    beside = [
        f"{said['model']}: {_percent(said['precision'])} of {said['rows']}, kappa {_kappa(said['kappa'])}"
        for said in models
        if (said["lane"], said["signal"]) == (one["lane"], one["signal"])
    ]
    return {**line, "models_say": "; ".join(beside)} if models else line


def _figures(one: dict[str, Any]) -> dict[str, Any]:
    return {**one, "kappa": _kappa(one["kappa"])}


def _shares(one: dict[str, Any]) -> dict[str, Any]:
    answers, fires = one["answers"], one["fires"]
    return {
        "function": one["name"],
        "says": "good" if one["polarity"] > 0 else "bad",
        "answers": answers,
        "fires": fires,
        "coverage": _percent(fires / answers if answers else None),
        "overlap": _percent(one["overlaps"] / fires if fires else None),
        "conflict": _percent(one["conflicts"] / fires if fires else None),
    }


def _percent(share: float | None) -> str:
    return "" if share is None else f"{share:.1%}"


def _kappa(value: float | None) -> str:
    return "not defined" if value is None else f"{value:.2f}"
