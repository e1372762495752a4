"""The `moon` command: live agent sessions. A command's module is imported when it is called: hooks must start fast."""

from __future__ import annotations

from importlib import import_module

import click

#: Name of a command → where it is, in the order of the help.
_COMMANDS = {
    "usage": "moonshine_assets.cli.moon_usage:usage",
    "status": "moonshine_assets.cli.moon_usage:status",
    "config": "moonshine_assets.cli.moon_usage:config",
    "recall": "moonshine_assets.cli.moon_recall:recall",
    "snapshot": "moonshine_assets.cli.moon_archive:snapshot",
    "index": "moonshine_assets.cli.moon_archive:index",
    "export": "moonshine_assets.cli.moon_archive:export",
    "restore": "moonshine_assets.cli.moon_archive:restore",
    "distill": "moonshine_assets.cli.moon_memory:distill",
    "chain": "moonshine_assets.cli.moon_memory:chain",
    "watch": "moonshine_assets.cli.moon_watch:watch",
    "install": "moonshine_assets.cli.moon_install:install",
    "uninstall": "moonshine_assets.cli.moon_install:uninstall",
    "verify": "moonshine_assets.cli.moon_install:verify",
    "post-upgrade": "moonshine_assets.cli.moon_install:post_upgrade",
    "hook": "moonshine_assets.cli.moon_hook:hook",
}


class _Commands(click.Group):
    """A group whose commands are imported one by one."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click names it
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _COMMANDS:
            return None
        module, _, name = _COMMANDS[cmd_name].partition(":")
        command = getattr(import_module(module), name)
        assert isinstance(command, click.Command)
        return command


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="moonshine")
def main() -> None:
    """Live agent sessions: how full they are, and what is due for them.

    Exit codes: 0 all is well, 1 something could not be read, 2 bad input.
    """


if __name__ == "__main__":
    main()
