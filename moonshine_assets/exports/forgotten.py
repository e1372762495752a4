"""What was forgotten, known by hashes alone: enough to keep it from coming back, nothing to read it from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any, NamedTuple

from moonshine_assets.exports.records import ParsedConversation
from moonshine_resources.atomic import read_json, write_json
from moonshine_resources.home import Home

#: The flag adapters give the conversation of a sub-agent, which goes with the one it works for.
SUB_AGENT = "sub_agent"


class Conversation(NamedTuple):
    """A conversation by name."""

    provider: str
    conversation_id: str

    def __str__(self) -> str:
        return f"{self.provider}/{self.conversation_id}"


def tombstone(provider: str, conversation_id: str) -> str:
    """Hex SHA-256 over both, each as `<length in UTF-8 bytes>:<bytes>`; the same on every machine."""
    digest = sha256()
    for part in (provider, conversation_id):
        data = part.encode("utf-8", errors="surrogatepass")
        digest.update(b"%d:" % len(data))
        digest.update(data)
    return digest.hexdigest()


#: The same as a DuckDB expression over columns `provider` and `conversation_id`.
TOMBSTONE_SQL = (
    "sha256(concat(strlen(provider)::VARCHAR, ':', provider, strlen(conversation_id)::VARCHAR, ':', conversation_id))"
)


class Forgotten:
    """The forgotten conversations of one provider.

    Args:
        provider: its name.
        tombstones: hashes of those forgotten.
        named: ids that are known by name besides, because they are being forgotten now.
    """

    def __init__(self, provider: str, tombstones: Iterable[str], named: Iterable[str] = ()) -> None:
        self.provider = provider
        self.named = frozenset(named)
        self._tombstones = frozenset(tombstones)
        self._known: dict[str, bool] = {}

    def __bool__(self) -> bool:
        return bool(self._tombstones or self.named)

    def has(self, conversation_id: str) -> bool:
        """Whether a conversation of the provider with this id is forgotten."""
        if conversation_id in self.named:
            return True
        if not self._tombstones:
            return False
        found = self._known.get(conversation_id)
        if found is None:
            found = self._known[conversation_id] = tombstone(self.provider, conversation_id) in self._tombstones
        return found

    def takes(self, parsed: ParsedConversation) -> bool:
        """Whether a conversation goes: by its own id, or as the sub-agent of one that does."""
        if self.has(parsed.conversation_id):
            return True
        parent = parsed.parent_conversation_id
        return parent is not None and SUB_AGENT in parsed.flags and self.has(parent)


def forgotten(home: Home, provider: str, named: Iterable[str] = ()) -> Forgotten:
    """The home's forgotten conversations of a provider.

    Raises:
        Corruption: the list is not the JSON that was written.
    """
    return Forgotten(provider, (entry["conversation_sha256"] for entry in entries(home, provider)), named)


def entries(home: Home, provider: str | None = None) -> list[dict[str, Any]]:
    """The tombstones as they are kept: `provider`, `conversation_sha256`, `forgotten_at`, `run_ids` it stood in."""
    return [entry for entry in _read(home)["conversations"] if provider is None or entry["provider"] == provider]


def gone_runs(home: Home) -> set[str]:
    """Runs of which nothing was left."""
    return {told["run_id"] for told in _read(home)["runs"] if told["gone"]}


def losses(home: Home) -> list[dict[str, Any]]:
    """What each run lost so far: `run_id`, `conversations`, `raw_json_tokens`, `content_tokens_non_system`."""
    told = ("conversations", "raw_json_tokens", "content_tokens_non_system")
    found: dict[str, dict[str, Any]] = {}
    for entry in _read(home)["runs"]:
        lost = found.setdefault(entry["run_id"], {"run_id": entry["run_id"], **dict.fromkeys(told, 0)})
        for name in told:
            lost[name] += entry[name]
    return [found[run_id] for run_id in sorted(found)]


def bury(
    home: Home,
    conversations: Iterable[Conversation],
    forgotten_at: str,
    *,
    run_ids: Mapping[Conversation, Iterable[str]] | None = None,
    runs: Iterable[Mapping[str, Any]] = (),
) -> None:
    """Add tombstones, and to those that are there the runs the conversations stood in.

    Args:
        home: the data home.
        conversations: what is forgotten.
        forgotten_at: ISO time.
        run_ids: in which runs each stood.
        runs: what each of them lost: `run_id`, how many `conversations`, by how much its `raw_json_tokens` and
            `content_tokens_non_system` are less, and whether it is `gone`. The same time again is the same loss.
    """
    record = _read(home)
    known = {entry["conversation_sha256"]: entry for entry in record["conversations"]}
    for conversation in conversations:
        name = tombstone(*conversation)
        fresh = {"provider": conversation.provider, "conversation_sha256": name, "forgotten_at": forgotten_at}
        entry = known.setdefault(name, {**fresh, "run_ids": []})
        entry["run_ids"] = sorted({*entry["run_ids"], *(run_ids or {}).get(conversation, ())})
    losses = {(told["run_id"], told["forgotten_at"]): told for told in record["runs"]}
    losses |= {(told["run_id"], forgotten_at): {**told, "forgotten_at": forgotten_at} for told in runs}
    write_json(home.tombstones, {**record, "conversations": list(known.values()), "runs": list(losses.values())})


def exhume(home: Home, conversations: Iterable[Conversation], forgotten_at: str) -> None:
    """Take back the tombstones of a forgetting that did not come about; those of earlier ones stay."""
    names = {tombstone(*conversation) for conversation in conversations}
    record = _read(home)
    record["conversations"] = [
        entry
        for entry in record["conversations"]
        if entry["conversation_sha256"] not in names or entry["forgotten_at"] != forgotten_at
    ]
    if record["conversations"]:
        write_json(home.tombstones, record)
    else:
        home.tombstones.unlink(missing_ok=True)


def _read(home: Home) -> dict[str, Any]:
    if not home.tombstones.exists():
        return {"version": 1, "conversations": [], "runs": []}
    found: dict[str, Any] = read_json(home.tombstones)
    return found
