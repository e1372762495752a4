"""The `moon` command: live agent sessions."""

from __future__ import annotations

import click


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="moonshine")
def main() -> None:
    """Live agent sessions: archive, prune, distil, recall."""


if __name__ == "__main__":
    main()
