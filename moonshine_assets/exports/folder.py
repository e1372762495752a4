"""The files of a folder that was given as an export: every one of them but secrets, or a refusal."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from moonshine_assets.errors import BadInput

#: Where agents keep keys and tokens, in the same folders as their sessions.
_SECRETS = frozenset(
    {
        ".credentials.json",
        ".env",
        "auth-profiles.json",
        "auth.json",
        "google_accounts.json",
        "mcp-auth.json",
        "oauth_creds.json",
        "openclaw.json",
    }
)


def is_secret(name: str) -> bool:
    """Whether a file is one in which agents keep keys and tokens; those are neither read nor copied."""
    *folders, base = name.split("/")
    return base in _SECRETS or "credentials" in folders


def folder_files(folder: Path) -> dict[str, Path]:
    """Every file below `folder` but secrets, by its relative name with `/`, sorted by name.

    Raises:
        BadInput: as `all_files`.
    """
    return {name: path for name, path in all_files(folder).items() if not is_secret(name)}


def secrets_left_out(folder: Path) -> list[str]:
    """Names of the files that `folder_files` leaves out."""
    return [name for name in all_files(folder) if is_secret(name)]


def all_files(folder: Path) -> dict[str, Path]:
    """Every file below `folder` by its relative name with `/`, sorted by name; nothing is passed over in silence.

    Raises:
        BadInput: a link (it could lead anywhere on the machine), a device or pipe, a name that is not UTF-8, or a
            folder that cannot be listed.
    """
    found: dict[str, Path] = {}

    def unlisted(error: OSError) -> None:
        raise BadInput(
            f"a folder inside it cannot be listed ({error.strerror})", where=folder.name, fix="check its permissions"
        ) from error

    root = str(folder)
    for parent, folders, names in os.walk(root, onerror=unlisted):
        inside = parent[len(root) :].replace(os.sep, "/").strip("/")
        for entry in [*folders, *names]:
            name = f"{inside}/{entry}" if inside else entry
            if _is_file(folder, f"{parent}{os.sep}{entry}", name):
                found[name] = Path(parent, entry)
    return dict(sorted(found.items()))


def is_clutter(name: str) -> bool:
    """Files that macOS adds beside the real ones when it packs a folder."""
    return name.startswith("__MACOSX/")


def refuse_undecodable(name: str, where: str) -> None:
    """File names are stored as text, and these bytes are none.

    Raises:
        BadInput: the name is not UTF-8.
    """
    try:
        name.encode("utf-8")
    except UnicodeEncodeError as error:
        shown = name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
        raise BadInput(
            f"the file name {shown!r} is not UTF-8",
            where=where.encode("utf-8", "replace").decode("utf-8"),
            fix="give the zip as it was downloaded, or rename the file",
        ) from error


def _is_file(folder: Path, path: str, name: str) -> bool:
    """Whether an entry is a file and not a folder; a log may have a hundred thousand of them.

    Raises:
        BadInput: it is neither.
    """
    refuse_undecodable(name, folder.name)
    mode = os.lstat(path).st_mode
    if stat.S_ISLNK(mode):
        raise BadInput(f"{name!r} is a link", where=folder.name, fix="put the file itself there")
    if not stat.S_ISDIR(mode) and not stat.S_ISREG(mode):
        raise BadInput(f"{name!r} is no regular file", where=folder.name, fix="take it out of the folder")
    return stat.S_ISREG(mode)
