"""`moonshine lanes`: what is in the lanes, and the lanes as trainers read them."""

from __future__ import annotations

import json
from collections import Counter
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from moonshine_assets.cli import show
from moonshine_assets.cli.audit import audit
from moonshine_assets.cli.options import as_json, at_home
from moonshine_assets.cli.outcome import FAILED, OK, exiting, say_line
from moonshine_resources.home import Home

if TYPE_CHECKING:
    from moonshine_assets.lanes.published import PublishedLane, Tier
    from moonshine_assets.lanes.trainers.check import Report
    from moonshine_assets.lanes.trainers.form import Arguments, Trainer
    from moonshine_assets.lanes.trainers.template import Template

#: So many broken rules are shown; their number is always given in full.
_SHOWN = 10

_trainer = click.option(
    "--trainer",
    "trainer_name",
    required=True,
    help="trl, axolotl, llamafactory, openrlhf, verl, nemo_rl or openai.",
)
_lane = click.option("--lane", help="Only this lane; default: every lane the trainer takes.")
_run = click.option("--run", "run_id", help="A distillation; default: the newest.")
_tier = click.option(
    "--tier", type=click.Choice(["core", "extra", "all"]), default="core", show_default=True, help="Which rows."
)
_arguments = click.option(
    "--arguments",
    type=click.Choice(["dict", "string"]),
    help="Tool-call arguments as objects or as JSON text; default: what the trainer takes.",
)


@click.group()
def lanes() -> None:
    """The lanes: what is in them, and exports for trainers."""


@lanes.command("list")
@click.option("--trainer", "trainer_name", help="Only the lanes this trainer takes.")
@_run
@at_home
@as_json
@exiting
def list_command(trainer_name: str | None, run_id: str | None, home_dir: Path | None, as_json: bool) -> int:
    """Lanes with their rows, and the trainers that take them."""
    from moonshine_assets.lanes.published import files, published
    from moonshine_assets.lanes.trainers.registry import TRAINERS, trainer_named

    wanted = [trainer_named(trainer_name)] if trainer_name else list(TRAINERS.values())
    found = []
    for lane in published(Home.at(home_dir), run_id=run_id):
        takers = [trainer.name for trainer in wanted if lane.lane in trainer.forms]
        if takers:
            found.append(
                {
                    "lane": lane.lane,
                    "run": lane.run_id,
                    "rows": lane.manifest["rows"],
                    "tokens": lane.manifest["tokens"],
                    "audited": not lane.manifest["unaudited"],
                    "files": len(files(lane, "all")),
                    "trainers": takers,
                }
            )
    if as_json:
        click.echo(json.dumps(found, indent=2))
        return OK
    lines = [{**one, "trainers": ", ".join(one["trainers"])} for one in found]
    show.console().print(show.table("Lanes", lines))
    titles = [
        {
            "trainer": one.name,
            "checked_with": one.title,
            "files": one.file_format,
            "arguments": " or ".join(one.arguments),
        }
        for one in wanted
    ]
    show.console().print(show.table("Trainers", titles))
    return OK


@lanes.command("export")
@_trainer
@_lane
@_run
@_tier
@click.option(
    "--to",
    "target",
    type=click.Path(file_okay=False, path_type=Path),
    help="A folder of their own for the exports, one a lane; default: reports/trainers of the home.",
)
@_arguments
@at_home
@as_json
@exiting
def export_command(
    trainer_name: str,
    lane: str | None,
    run_id: str | None,
    tier: Tier,
    target: Path | None,
    arguments: Arguments | None,
    home_dir: Path | None,
    as_json: bool,
) -> int:
    """Write lanes as a trainer reads them; what it would spoil is left out and counted."""
    from moonshine_assets.cli.progress_bar import progress_bar
    from moonshine_assets.lanes.trainers.export import export

    home = Home.at(home_dir)
    trainer, taken = _taken(home, trainer_name, lane, run_id)
    found = []
    for one in taken:
        place = home.export(trainer.name, one.lane, one.run_id)
        folder = target.expanduser().absolute() / one.lane if target else place
        with progress_bar(f"{trainer.name} {one.lane}"):
            done = export(one, trainer, folder, arguments=arguments, tier=tier)
        found.append({**done.manifest, "folder": str(folder), "written": done.changed})
    if as_json:
        click.echo(json.dumps(found, indent=2, ensure_ascii=False))
        return OK
    for manifest in found:
        click.echo(_told(manifest))
        for reason, count in manifest["dropped"].items():
            click.echo(f"  left out: {count:,} {reason}")
        if manifest["not_carried"]:
            click.echo(f"  {trainer.title} has no place for: {', '.join(manifest['not_carried'])}")
    return OK


def _told(manifest: dict[str, Any]) -> str:
    again = "" if manifest["written"] else ", as it was"
    return f"{manifest['lane']}: {manifest['rows_out']:,} of {manifest['rows_in']:,} rows, {manifest['folder']}{again}"


@lanes.command("check")
@_trainer
@_lane
@_run
@_tier
@click.option("--rows", "limit", default=50, show_default=True, type=click.IntRange(1), help="Rows of each lane.")
@click.option(
    "--template",
    "template_files",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A chat template: a .jinja file or a tokenizer_config.json. May be given again.",
)
@_arguments
@at_home
@as_json
@exiting
def check_command(
    trainer_name: str,
    lane: str | None,
    run_id: str | None,
    tier: Tier,
    limit: int,
    template_files: tuple[Path, ...],
    arguments: Arguments | None,
    home_dir: Path | None,
    as_json: bool,
) -> int:
    """Render rows through chat templates; exit code 1 when anything of them would be lost or spoiled.

    Without --template these are Moonshine's own and, where TRL is installed, those TRL trains with.
    """
    from moonshine_assets.lanes.trainers.check import check
    from moonshine_assets.lanes.trainers.registry import arguments_for
    from moonshine_assets.lanes.trainers.template import bundled, from_file, installed

    trainer, taken = _taken(Home.at(home_dir), trainer_name, lane, run_id)
    form = arguments_for(trainer, arguments)
    own = [one for path in template_files for one in from_file(path)] or bundled(form)
    templates: list[Template] = own if template_files else [*own, *installed()]
    strict = frozenset(template.name for template in own)
    reports: list[Report] = []
    left: dict[str, Counter[str]] = {}
    for one in taken:
        rows = islice(_rows(one, tier), limit)
        of_lane, left[one.lane] = check(rows, one.lane, trainer, form, templates, strict=strict)
        reports += of_lane
    findings = sum(len(report.findings) for report in reports)
    if as_json:
        click.echo(json.dumps(_as_data(trainer, form, reports, left), indent=2))
    else:
        _print_reports(trainer, form, reports, left)
    if findings:
        say_line(f"{findings:,} findings: {trainer.title} would lose or spoil parts of these rows")
    return FAILED if findings else OK


def _taken(home: Home, name: str, lane: str | None, run_id: str | None) -> tuple[Trainer, list[PublishedLane]]:
    """The trainer, and the published lanes it takes."""
    from moonshine_assets.lanes.published import published
    from moonshine_assets.lanes.trainers.registry import form_of, trainer_named

    trainer = trainer_named(name)
    if lane:
        form_of(trainer, lane)
    return trainer, [one for one in published(home, lane, run_id) if one.lane in trainer.forms]


def _rows(lane: PublishedLane, tier: Tier) -> Any:
    from moonshine_assets.lanes.published import files, rows_of

    return rows_of(files(lane, tier))


def _as_data(trainer: Trainer, form: str, reports: list[Report], left: dict[str, Counter[str]]) -> dict[str, Any]:
    return {
        "trainer": trainer.name,
        "arguments": form,
        "left_out": {lane: dict(reasons) for lane, reasons in left.items()},
        "templates": [
            {
                "template": report.template,
                "lane": report.lane,
                "rows": report.rows,
                "passed_over": dict(report.passed_over),
                "findings": [finding._asdict() for finding in report.findings],
            }
            for report in reports
        ],
    }


def _print_reports(trainer: Trainer, form: str, reports: list[Report], left: dict[str, Counter[str]]) -> None:
    from moonshine_assets.lanes.trainers.rendering import RULES

    out = show.console()
    lines = [
        {
            "lane": report.lane,
            "template": report.template,
            "rows": report.rows,
            "no_place_for": ", ".join(f"{what} ({count})" for what, count in sorted(report.passed_over.items())),
            "findings": len(report.findings),
        }
        for report in reports
    ]
    out.print(show.table(f"Rendered for {trainer.title}, arguments as {form}", lines))
    for lane, reasons in left.items():
        for reason, count in sorted(reasons.items()):
            out.print(f"{lane}: {count:,} rows left out: {reason}", highlight=False)
    found = [
        {"lane": report.lane, "template": report.template, **finding._asdict(), "means": RULES[finding.rule]}
        for report in reports
        for finding in report.findings
    ]
    if found:
        out.print(show.table(f"Findings, the first {min(_SHOWN, len(found))} of {len(found):,}", found[:_SHOWN]))


lanes.add_command(audit)


@lanes.command("diff")
@click.argument("run_a")
@click.argument("run_b")
@click.option("--lane", help="Only this lane; default: all.")
@at_home
@as_json
@exiting
def diff(run_a: str, run_b: str, lane: str | None, home_dir: Path | None, as_json: bool) -> int:
    """What moved between two distillations: rows that came, went or changed, by reason; ids with --json."""
    from moonshine_assets.lanes.difference import by_reason, difference
    from moonshine_assets.lanes.published import published

    home = Home.at(home_dir)
    first = {one.lane: one for one in published(home, lane, run_a)}
    second = {one.lane: one for one in published(home, lane, run_b)}
    moved = {name: list(difference(first[name].folder, second[name].folder)) for name in first if name in second}
    if as_json:
        policies = [next(iter(side.values())).manifest["policy_version"] for side in (first, second)]
        told = {name: [one._asdict() for one in found] for name, found in moved.items()}
        click.echo(json.dumps({"runs": [run_a, run_b], "policies": policies, "moved": told}, indent=2))
        return OK
    lines = [
        {"lane": name, "what": what, "because": because, "rows": rows}
        for name, found in moved.items()
        for (what, because), rows in by_reason(found).items()
    ]
    if lines:
        show.console().print(show.table(f"{run_a} to {run_b}", lines))
    else:
        click.echo("no row moved")
    return OK
