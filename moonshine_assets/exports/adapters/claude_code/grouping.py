"""Which lines of a file are the session's, and which a sub-agent's (EXPORT-FORMATS §13).

Versions up to 1.x write sub-agents into the session's file, later ones into files of their own.
"""

from __future__ import annotations

from pathlib import PurePosixPath

from moonshine_assets.exports.fields import ident
from moonshine_assets.exports.lines import Line


def is_agent_file(name: str) -> bool:
    """A sub-agent's file, by its name."""
    return stem(name).startswith("agent-")


def stem(name: str) -> str:
    return PurePosixPath(name).name.rsplit(".", 1)[0]


def grouped(name: str, session_id: str, found: list[Line]) -> dict[str, list[Line]]:
    """Conversation id → its lines; what is not a sub-agent's is the session's, which comes first."""
    if is_agent_file(name):
        return {_agent_id(session_id, stem(name).removeprefix("agent-")): found}
    above = {
        record_id: ident(line.value.get("parentUuid"))
        for line in found
        if line.value is not None and line.value.get("isSidechain") is True and (record_id := id_of(line))
    }
    groups: dict[str, list[Line]] = {session_id: []}
    roots: dict[str, str] = {}
    for line in found:
        group = session_id
        if line.value is not None and line.value.get("isSidechain") is True:
            agent = ident(line.value.get("agentId")) or _root(id_of(line), above, roots)
            group = _agent_id(session_id, agent) if agent else group
        groups.setdefault(group, []).append(line)
    own = groups[session_id]
    if len(groups) > 1 and not any(id_of(line) for line in own):
        del groups[session_id]
        first = next(iter(groups))
        groups[first] = sorted([*own, *groups[first]], key=lambda line: line.start)
    return groups


def _root(record_id: str | None, above: dict[str, str | None], roots: dict[str, str]) -> str | None:
    """The first record of the sub-agent that a record belongs to; found roots are remembered for all on the way."""
    walk: list[str] = []
    at = record_id
    while at is not None and at not in roots:
        roots[at] = at
        walk.append(at)
        parent = above.get(at)
        if parent is None or parent not in above:
            break
        at = parent
    if at is None:
        return None
    for seen in walk:
        roots[seen] = roots[at]
    return roots[at]


def _agent_id(session_id: str, agent: str) -> str:
    return f"{session_id}/agent-{agent}"


def id_of(line: Line) -> str | None:
    return ident(line.value.get("uuid")) if line.value is not None else None
