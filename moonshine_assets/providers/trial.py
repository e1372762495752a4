"""Does a quarantined piece parse by now? The present adapter is asked as the reader asks it; nothing is written."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from moonshine_assets.errors import Unreadable
from moonshine_assets.exports.container import Container
from moonshine_assets.exports.records import ParsedConversation
from moonshine_assets.exports.split import mapped
from moonshine_assets.exports.tree import arrange


class Trial(NamedTuple):
    """What the present adapter makes of a quarantined piece; `outcome` says it in a few words."""

    quarantine_id: int
    unit: str
    parses: bool
    outcome: str


class Bench:
    """The present adapter with the context of one export.

    Args:
        adapter: the provider's adapter module.
        container: the opened export.
        members: its conversation files, in order.
        work: scratch folder for members that must be unpacked.
    """

    def __init__(self, adapter: ModuleType, container: Container, members: list[str], work: Path) -> None:
        self._adapter = adapter
        self._container = container
        self._work = work
        #: Bytes of a log that are still unreadable; None where conversations are read one by one.
        self._still_bad = self._bad_in_log(members) if hasattr(adapter, "conversations") else None
        self._context = adapter.context(container.read, container.sizes) if hasattr(adapter, "context") else None

    def trial(self, found: dict[str, Any]) -> Trial:
        """Try one row of the quarantine table."""
        tell = found["quarantine_id"], found["unit"]
        if found["unit"] == "older_copy":
            return Trial(*tell, False, "a copy that was not newer: it stays aside")
        if self._still_bad is not None:
            bad = found["raw"] in self._still_bad
            return Trial(*tell, not bad, self._still_bad[found["raw"]] if bad else "read with its log")
        try:
            if found["unit"] == "conversation":
                parsed = self._parsed(found["raw"], found)
                return Trial(*tell, True, f"{len(parsed.nodes)} nodes, {len(parsed.bad_nodes)} of them unreadable")
            parsed = self._conversation_of(found)
        except Unreadable as error:
            return Trial(*tell, False, str(error))
        for bad_node in parsed.bad_nodes:
            if bad_node.raw == found["raw"]:
                return Trial(*tell, False, bad_node.reason)
        return Trial(*tell, True, "a node of its conversation")

    def _bad_in_log(self, members: list[str]) -> dict[bytes, str]:
        """What a log adapter cannot read, with the reasons: its conversations are only known from all its files."""
        bad: dict[bytes, str] = {}
        for found in self._adapter.conversations(self._container.read_whole, members):
            if found.parsed is None:
                bad[bytes(found.data)] = found.reason or "unreadable"
            else:
                bad |= {bytes(node.raw): node.reason for node in found.parsed.bad_nodes}
        return bad

    def _conversation_of(self, found: dict[str, Any]) -> ParsedConversation:
        with mapped(self._container.on_disk(found["raw_member"], self._work)) as view:
            return self._parsed(bytes(view[found["raw_start"] : found["raw_end"]]), found)

    def _parsed(self, data: bytes, found: dict[str, Any]) -> ParsedConversation:
        """Raises Unreadable for whatever the adapter stumbles over, as the reader does."""
        try:
            parsed = self._of_whole_file(found) or self._adapter.parse(data, self._context)
            arrange(parsed)
        except (Unreadable, MemoryError):
            raise
        except Exception as error:
            raise Unreadable(f"the {self._adapter.PROVIDER} adapter failed with {type(error).__name__}") from error
        return parsed

    def _of_whole_file(self, found: dict[str, Any]) -> ParsedConversation | None:
        """The conversation of a file that is only understood as a whole; None for a file that is not."""
        if not hasattr(self._adapter, "parse_file"):
            return None
        name = found["raw_member"]
        if self._adapter.claim_bytes(self._container.read(name, 1 << 20) or b"", name) is None:
            return None
        with mapped(self._container.on_disk(name, self._work)) as view:
            for start, end, outcome in self._adapter.parse_file(view, name, self._context):
                if start <= found["raw_start"] and found["raw_end"] <= end:
                    if isinstance(outcome, ParsedConversation):
                        return outcome
                    raise outcome
        raise Unreadable("no conversation stands there any more")
