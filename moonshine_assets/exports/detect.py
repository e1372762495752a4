"""Whose export is this? Told by content, never by file name (EXPORT-FORMATS §1)."""

from __future__ import annotations

import itertools
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from moonshine_assets.errors import BadInput, UnknownFormat, Unreadable
from moonshine_assets.exports.adapters import ADAPTERS, ALL_ARRAYS
from moonshine_assets.exports.container import Container
from moonshine_assets.exports.decode import decode
from moonshine_assets.exports.detect_logs import claim_log, log_folder
from moonshine_assets.exports.lines import lines
from moonshine_assets.exports.records import Claim
from moonshine_assets.exports.shallow import shallow
from moonshine_assets.exports.split import Split, mapped, split

#: So many conversations are looked at before a file is called unknown: the first ones may be broken or empty.
_PROBED = 50
#: So many bytes are looked at to tell a page, a table or a log by how it begins.
_HEAD_BYTES = 1 << 20
#: Endings of files that may hold conversations under any name; AI Studio's have none at all.
_READABLE = (".json", ".jsonl", ".html", ".csv")
#: Field names shown of an unknown file; no values, those could be text.
_SHOWN_KEYS = 12


class Detection(NamedTuple):
    """Which adapter takes an export, why, and which members hold its conversations, in order."""

    provider: str
    claim: Claim
    members: list[str]


def detect(container: Container, work: Path) -> Detection:
    """Find the adapter for an export.

    Args:
        container: the opened export.
        work: scratch folder for members that must be unpacked to be looked at.

    Raises:
        BadInput: no adapter claims it; says what was seen instead.
    """
    if container.is_plain:
        named = [list(container.sizes)]
    else:
        named = [members for a in ADAPTERS if (members := a.conversation_members(container.sizes, container.read))]
    for members in named:
        for member in members:
            found = _claimed_member(container, member, work)
            if found is not None:
                return Detection(*found, members)
    detection = None
    if not container.is_plain:
        logs = log_folder(container, work)
        detection = Detection(*logs) if logs is not None else _by_looking(container, work)
    if detection is None:
        raise _unknown(container, work)
    return detection


def _by_looking(container: Container, work: Path) -> Detection | None:
    """For a container whose file names say nothing: look into every JSON and HTML file that is no known sidecar.

    Raises:
        BadInput: conversations of several providers; or a JSON file that cannot be read, which may hold more of them.
    """
    claimed: dict[str, Claim] = {}
    members: list[str] = []
    refusal: BadInput | None = None
    for name in container.sizes:
        if not (name.lower().endswith(_READABLE) or "." not in PurePosixPath(name).name) or any(
            adapter.sidecar(name) for adapter in ADAPTERS
        ):
            continue
        try:
            found = _claimed_member(container, name, work)
        except BadInput as error:
            if name.lower().endswith(".json"):
                refusal = refusal or error
            continue
        if found is not None:
            claimed.setdefault(*found)
            members.append(name)
    if refusal is not None:
        raise refusal
    if len(claimed) > 1:
        raise BadInput(
            f"conversations of several providers in one export: {', '.join(sorted(claimed))}",
            fix="give the files of each provider by themselves",
        )
    return next((Detection(provider, claim, members) for provider, claim in claimed.items()), None)


def _claimed_member(container: Container, name: str, work: Path) -> tuple[str, Claim] | None:
    """Whose a file is: by how it begins, by its conversations, or by the lines of a log, in this order."""
    path = container.on_disk(name, work)
    with path.open("rb") as stream:
        head = stream.read(_HEAD_BYTES)
    for adapter in ADAPTERS:
        if hasattr(adapter, "claim_bytes") and (claim := adapter.claim_bytes(head, name)) is not None:
            return adapter.PROVIDER, claim
    refusal: BadInput | None = None
    try:
        with mapped(path) as view:
            found = _claimed(split(path, view, name, ALL_ARRAYS), view)
        if found is not None:
            return found
    except BadInput as error:
        refusal = error
    logged = claim_log(container, name, work)
    if logged is not None:
        return logged
    if refusal is not None:
        raise (_unknown_lines(head) or refusal).inside(name) from refusal.__cause__
    return None


def _unknown_lines(head: bytes) -> UnknownFormat | None:
    """What to say of a file of JSON lines: it is no damaged JSON file, but a log of something nobody knows."""
    found = [line.value for line in itertools.islice(lines(head), 2)]
    if len(found) < 2 or found[0] is None or found[1] is None:
        return None
    return UnknownFormat(
        f"no conversations of a known provider: lines of JSON with fields {_shown_keys(found[0])}",
        fix="give an agent's log as it was written, or the whole export as it was downloaded",
    )


def _claimed(found: Split, view: memoryview) -> tuple[str, Claim] | None:
    for rank, (start, end) in enumerate(found.spans[:_PROBED]):
        element = _element(view[start:end])
        if element is None:
            continue
        _refuse_error_body({found.names[rank]: element} if found.names else element)
        for adapter in ADAPTERS:
            claim = adapter.claim(element)
            if claim is not None:
                return adapter.PROVIDER, claim
    return None


def _element(data: memoryview) -> dict[str, Any] | None:
    """The decoded conversation, without its depths if it is nested too deeply; None for what is no JSON object."""
    try:
        element, _ = decode(data, dict[str, Any])
    except Unreadable:
        try:
            element, _ = decode(shallow(data), dict[str, Any])
        except Unreadable:
            return None
    return element if isinstance(element, dict) else None


def _refuse_error_body(element: dict[str, Any]) -> None:
    data = element.get("data")
    if element.get("success") is False or (isinstance(data, dict) and data.get("code") == "Unauthorized"):
        raise BadInput(
            "a saved error answer of the service, not an export", fix="sign in and download the export again"
        )


def _unknown(container: Container, work: Path) -> UnknownFormat:
    fix = "give the whole export as it was downloaded (a sidecar file alone holds no conversations)"
    if len(container.sizes) != 1:
        return UnknownFormat(f"no conversations of a known provider in {len(container.sizes)} files", fix=fix)
    name = next(iter(container.sizes))
    path = container.on_disk(name, work)
    with mapped(path) as view:
        found = split(path, view, name, ALL_ARRAYS)
        keys = _keys(found, view)
    return UnknownFormat(
        f"no conversations of a known provider: {found.wrapper} of {len(found.spans)}"
        + (f" with fields {keys}" if keys else ""),
        fix=fix,
    )


def _keys(found: Split, view: memoryview) -> str:
    for start, end in found.spans[:1]:
        try:
            element, _ = decode(view[start:end], dict[str, Any])
        except Unreadable:
            return ""
        if isinstance(element, dict):
            return _shown_keys(element)
    return ""


def _shown_keys(element: dict[str, Any]) -> str:
    return ", ".join(key[:40] for key in sorted(element)[:_SHOWN_KEYS])
