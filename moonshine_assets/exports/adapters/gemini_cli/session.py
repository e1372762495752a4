"""The records of a session, in either form, to a conversation (EXPORT-FORMATS §16).

A record with an id that came before is the same message anew; a checkpoint restates the whole list, a rewind cuts it.
Always: every line, and every message of a list or checkpoint, is a node or a bad node.
"""

from __future__ import annotations

from typing import Any

from moonshine_assets.exports.adapters.gemini_cli.message import message_of
from moonshine_assets.exports.decode import compact_json
from moonshine_assets.exports.fields import ident, mapping, text_or_none
from moonshine_assets.exports.records import BadNode, Node


class Session:
    """A session as its records tell it, one after the other."""

    def __init__(self) -> None:
        self.header: dict[str, Any] = {}
        self.bad: list[BadNode] = []
        self._nodes: list[Node] = []
        self._places: dict[str, int] = {}  # message id → its node
        self._latest: dict[str, dict[str, Any]] = {}
        self._line: list[str] = []  # the ids of the list as it is shown now
        self._shown: set[str] = set()
        self._rewound: set[str] = set()

    def take(self, record: dict[str, Any]) -> None:
        """One line: the header, a message, a change of the header, a checkpoint or a rewind."""
        changes = record.get("$set")
        if isinstance(changes, dict):
            self._structural()
            self.header.update({key: value for key, value in changes.items() if key != "messages"})
            if isinstance(changes.get("messages"), list):
                self.restate(changes["messages"])
        elif "$rewindTo" in record:
            self._structural()
            self._rewind(ident(record["$rewindTo"]))
        elif "type" not in record and ident(record.get("sessionId")):
            self._structural()
            self.header.update(record)
        else:
            self._say(record)

    def restate(self, messages: list[Any]) -> None:
        """A whole list: what it leaves out is no longer shown."""
        before = self._shown
        self._line, self._shown = [], set()
        told: set[str] = set()
        for rank, item in enumerate(messages):
            if isinstance(item, dict):
                name = ident(item.get("id"))
                if name in told and item != self._latest.get(name or ""):
                    # In one list it is another message and no later state of the one before.
                    item = {**item, "id": f"{name}#{rank}"}
                told.add(name or "")
                self._say(item)
            else:
                self.bad.append(BadNode(None, "a message must be a JSON object", compact_json(item).encode()))
        self._rewound |= before - self._shown

    def nodes(self) -> list[Node]:
        """A node for every record; a message stands where its id came first, as it was written last."""
        made = list(self._nodes)
        for name, place in self._places.items():
            message = message_of(self._latest[name])
            if name in self._rewound:
                message.flags = sorted({*message.flags, "rewound"})
            made[place] = made[place]._replace(message=message)
        return made

    @property
    def current(self) -> str | None:
        return self._line[-1] if self._line else None

    @property
    def title(self) -> str | None:
        return text_or_none(self.header.get("summary"))

    def messages(self) -> list[dict[str, Any]]:
        """The records of the messages as they were written last."""
        return list(self._latest.values())

    def _say(self, record: dict[str, Any]) -> None:
        name = ident(record.get("id")) or f"line-{len(self._nodes)}"
        self._latest[name] = record
        if name in self._places:
            self._structural()
        else:
            self._places[name] = len(self._nodes)
            self._nodes.append(Node(name, self.current, None))
        if name not in self._shown:
            self._line.append(name)
            self._shown.add(name)
            self._rewound.discard(name)

    def _rewind(self, name: str | None) -> None:
        if name in self._shown:
            at = self._line.index(name or "")
            self._rewound |= set(self._line[at:])
            self._shown -= set(self._line[at:])
            del self._line[at:]

    def _structural(self) -> None:
        self._nodes.append(Node(f"line-{len(self._nodes)}", None, None))


def session_of(value: dict[str, Any]) -> Session:
    """The session of the one-object form."""
    session = Session()
    session.header = {key: item for key, item in value.items() if key != "messages"}
    listed = value.get("messages")
    session.restate(listed if isinstance(listed, list) else [])
    return session


def times_of(session: Session) -> list[Any]:
    """All the times that a session states."""
    stated = [session.header.get("startTime"), session.header.get("lastUpdated")]
    return stated + [record.get("timestamp") for record in session.messages()]


def is_sub_agent(header: dict[str, Any]) -> bool:
    """Whether a header is a sub-agent's."""
    return text_or_none(mapping(header).get("kind")) == "subagent"
