"""The file of a distillation: what was found in which archive, by whom, and what was rejected."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from moonshine_assets.errors import Corruption
from moonshine_assets.sessions.contracts import ArchiveRecord, Seconds, Sha256, Text
from moonshine_assets.sessions.distillation.statements import Statement
from moonshine_resources.atomic import atomic_file
from moonshine_resources.home import Home

SCHEMA_VERSION = 1
_NAME_CHARACTERS = 16


class Summary(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A distillation.

    Args:
        tool: openclaw, claude_code, codex or estimate.
        distiller: `local`, or a provider and model; after a cascade what really made it.
        asked: who was asked for first.
        place: where the session worked: its folder, or its key; empty when unknown.
        messages: of the session; `left_out` of them no model was shown.
        rejected: statements that did not hold, by reason.
        degraded: why `distiller` is not `asked`; empty when it is.
    """

    schema_version: int = SCHEMA_VERSION
    tool: Text
    session_id: Text
    archive_path: Text
    content_hash: Sha256
    distiller: Text
    asked: Text
    place: str
    messages: Annotated[int, Meta(ge=0)]
    left_out: Annotated[int, Meta(ge=0)]
    statements: tuple[Statement, ...]
    rejected: dict[str, int]
    degraded: str
    generated_at_epoch_secs: Seconds

    @property
    def key(self) -> str:
        """Tells sessions of all tools apart, as `Reading.key` does."""
        return f"{self.tool}:{self.session_id}"


def summary_path(home: Home, tool: str, record: ArchiveRecord, asked: str) -> Path:
    """Where the distillation of an archive by somebody stands; session ids are no safe names, so they are hashed."""
    session = sha256(f"{tool}:{record.session_id}".encode()).hexdigest()[:_NAME_CHARACTERS]
    by = sha256(asked.encode()).hexdigest()[:4]
    return home.moon_distillations / session / f"{record.content_hash[:_NAME_CHARACTERS]}.{by}.json"


def write_summary(path: Path, summary: Summary) -> None:
    with atomic_file(path) as stream:
        stream.write(msgspec.json.format(msgspec.json.encode(summary), indent=2) + b"\n")


def read_summary(path: Path) -> Summary:
    """A summary as it was written.

    Raises:
        Corruption: it is not one any more.
        FileNotFoundError: there is none.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=Summary)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Corruption(
            "not a distillation any more", where=str(path), fix="delete it; the archive is distilled again"
        ) from error
