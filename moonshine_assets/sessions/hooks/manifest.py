"""What was installed into an agent: kept beside the file as it was, so that uninstalling can put it back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from moonshine_assets.errors import Corruption
from moonshine_resources.atomic import atomic_file
from moonshine_resources.home import Home

#: The file as it was may hold keys.
_PRIVATE = 0o600


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One agent's installation.

    Args:
        agent: as commands name it.
        file: its settings file.
        existed: whether the file was there before.
        is_exact: whether the file kept is what was there before us, byte for byte; false once its owner changed the
            file and it was installed again.
        sha256: of the file as we wrote it.
        commands: event → command that was put in.
        plugin: folder of the plug-in; empty: there is none.
        installed_at: epoch seconds.
        version: of Moonshine.
    """

    agent: str
    file: str
    existed: bool
    is_exact: bool
    sha256: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
    commands: dict[str, str]
    plugin: str
    installed_at: int
    version: str


def path_of(home: Home, agent: str) -> Path:
    return home.moon_hooks / f"{agent}.json"


def kept_of(home: Home, agent: str) -> Path:
    """The agent's file as it was before."""
    return home.moon_hooks / f"{agent}.before"


def read(home: Home, agent: str) -> Manifest | None:
    """The manifest of an agent; None: nothing is installed.

    Raises:
        Corruption: it is damaged.
    """
    path = path_of(home, agent)
    try:
        return msgspec.json.decode(path.read_bytes(), type=Manifest)
    except FileNotFoundError:
        return None
    except msgspec.DecodeError as error:
        raise Corruption(
            "the record of what was installed is damaged",
            where=str(path),
            fix=f"take our hooks out of the agent's settings by hand; {kept_of(home, agent)} is the file as it was",
        ) from error


def write(home: Home, manifest: Manifest, before: bytes | None) -> None:
    """Keep the file as it was, then the manifest.

    Raises:
        StorageFull: there is no space; nothing was installed.
    """
    kept = kept_of(home, manifest.agent)
    if before is not None:
        with atomic_file(kept, mode=_PRIVATE) as stream:
            stream.write(before)
    with atomic_file(path_of(home, manifest.agent)) as stream:
        stream.write(msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n")


def forget(home: Home, agent: str) -> None:
    path_of(home, agent).unlink(missing_ok=True)
    kept_of(home, agent).unlink(missing_ok=True)
