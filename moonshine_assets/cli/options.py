"""Options that every command of `moonshine` and `moon` understands in the same way."""

from pathlib import Path

import click

from moonshine_resources.home import ENVIRONMENT

#: `--home DIR`, as the argument `home_dir`.
at_home = click.option(
    "--home",
    "home_dir",
    type=click.Path(file_okay=False, path_type=Path),
    help=f"Data home; default: {ENVIRONMENT}, else data/ of the project.",
)
#: `--json`, as the argument `as_json`.
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
