"""Conversation records to Arrow columns, in batches of bounded size."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import NamedTuple

import msgspec
import pyarrow as pa

from moonshine_assets.exports.records import Message, ParsedConversation, RawElement
from moonshine_assets.exports.tree import Arranged
from moonshine_assets.exports.usage import KEYS
from moonshine_assets.providers.feedback import conversation_rows, rating_of
from moonshine_assets.tables import ATTACHMENTS, BLOCKS, CONVERSATIONS, FEEDBACK, MESSAGES, QUARANTINE, TEXTS, Table
from moonshine_assets.tables.provenance import PROVENANCE

_NO_USAGE: tuple[None, ...] = (None,) * len(KEYS)

CountMany = Callable[[Sequence[str]], Sequence[int]]

_PROVENANCE_NAMES = frozenset(column.name for column in PROVENANCE)
#: What joins the texts of a message's blocks into the message's text.
BLOCK_SEPARATOR = "\n\n"


def message_text(message: Message) -> str:
    """The text of a message: the texts of its blocks, in order, joined by a blank line."""
    texts = [block.text for block in message.blocks if block.text]
    return texts[0] if len(texts) == 1 else BLOCK_SEPARATOR.join(texts)


def usage_of(usage: str | None) -> tuple[int | None, ...]:
    """What an answer cost, in the order of tables.messages.USAGE; None where it is not known."""
    if usage is None:
        return _NO_USAGE
    known = msgspec.json.decode(usage, type=dict[str, int])
    return tuple(known.get(key) for key in KEYS)


class _Columns:
    """Rows of one table, without the provenance columns (the writer adds those in SQL)."""

    def __init__(self, table: Table) -> None:
        self.schema = table.arrow(name for name in table.column_names if name not in _PROVENANCE_NAMES)
        self._rows: list[tuple[object, ...]] = []
        self.append = self._rows.append

    def arrow(self) -> pa.Table:
        """The rows as an Arrow table."""
        columns = zip(*self._rows, strict=True) if self._rows else ((),) * len(self.schema)
        arrays = [pa.array(values, type=field.type) for values, field in zip(columns, self.schema, strict=True)]
        return pa.Table.from_arrays(arrays, schema=self.schema)

    def __len__(self) -> int:
        return len(self._rows)


class Quarantined(NamedTuple):
    """What is kept in quarantine: see tables/quarantine.py."""

    unit: str
    reason: str
    conversation_id: str | None
    message_id: str | None
    raw: bytes


#: Marks a text in `TokenCounts` that is waiting to be counted.
_WAITING = -1

#: Tokens of every distinct text of a run, by the SHA-256 of its UTF-8. One dictionary for all batches of a run.
TokenCounts = dict[bytes, int]


class RowBatch:
    """Rows of some conversations; every distinct text is hashed, kept and counted once a run."""

    def __init__(self, counts: TokenCounts) -> None:
        self._counts = counts
        self._new_texts: dict[bytes, str] = {}
        self._message_digests: list[bytes] = []
        self._conversations = _Columns(CONVERSATIONS)
        self._messages = _Columns(MESSAGES)
        self._blocks = _Columns(BLOCKS)
        self._attachments = _Columns(ATTACHMENTS)
        self._feedback = _Columns(FEEDBACK)
        self._quarantine = _Columns(QUARANTINE)
        #: Characters of new texts and payloads, and quarantined bytes, held.
        self.characters = 0

    def add(self, parsed: ParsedConversation, arranged: Arranged, element: RawElement) -> None:
        """Take in one arranged conversation."""
        raw_ref = (element.member, element.rank, element.start, element.end)
        messages = arranged.messages
        self._conversations.append(
            (
                parsed.conversation_id,
                parsed.parent_conversation_id,
                parsed.title,
                parsed.created_at,
                parsed.updated_at,
                parsed.default_model,
                parsed.project,
                parsed.shape,
                parsed.source_type,
                len(messages),
                sum(1 for message in messages if message.visible),
                arranged.branch_points,
                arranged.max_depth,
                arranged.flags,
                *raw_ref,
            )
        )
        for position, message in enumerate(messages):
            self._add_message(parsed.conversation_id, position, message, raw_ref)
        for row in conversation_rows(parsed, messages, element):
            self._feedback.append(row)

    def quarantine(self, rank: int, kept: Quarantined, element: RawElement) -> None:
        """Take in what could not be taken in otherwise; `rank` is its number in the run."""
        self._quarantine.append((rank, *kept, element.member, element.rank, element.start, element.end))
        self.characters += len(kept.raw)

    def _add_message(
        self, conversation_id: str, position: int, message: Message, raw_ref: tuple[str, int, int, int]
    ) -> None:
        key = (conversation_id, message.message_id)
        text = message_text(message)
        digest = self._digest(text)
        self._message_digests.append(digest)
        self._messages.append(
            (
                *key,
                message.alias_id,
                message.parent_id,
                message.sibling_index,
                message.depth,
                position,
                message.on_active_path,
                message.role,
                message.author_kind,
                message.author_name,
                message.recipient,
                message.visible,
                message.model,
                message.created_at,
                message.status,
                message.stop_reason,
                digest.hex(),
                0,
                *usage_of(message.usage),
                rating_of(message.feedback),
                message.flags,
                *raw_ref,
            )
        )
        for ordinal, block in enumerate(message.blocks):
            block_digest = None
            if block.text:
                block_digest = (digest if block.text is text else self._digest(block.text)).hex()
            self._blocks.append(
                (
                    *key,
                    ordinal,
                    block.kind,
                    block_digest,
                    block.tool_name,
                    block.tool_call_id,
                    block.arguments,
                    block.is_error,
                    block.payload,
                )
            )
            self.characters += len(block.payload or "") + len(block.arguments or "")
        for ordinal, file in enumerate(message.attachments):
            self._attachments.append(
                (*key, ordinal, file.attachment_id, file.name, file.mime_type, file.size_bytes, file.member)
            )

    def _digest(self, text: str) -> bytes:
        digest = sha256(text.encode("utf-8")).digest()
        if digest not in self._counts:
            self._counts[digest] = _WAITING
            self._new_texts[digest] = text
            self.characters += len(text)
        return digest

    def tables(self, count_many: CountMany) -> dict[str, pa.Table]:
        """The rows by table name, new texts counted. Call it once, batches of a run in the order they were filled."""
        digests = list(self._new_texts)
        texts = list(self._new_texts.values())
        counts = list(count_many(texts)) if texts else []
        self._counts.update(zip(digests, counts, strict=True))
        text_table = pa.Table.from_arrays(
            [
                pa.array([digest.hex() for digest in digests], pa.string()),
                pa.array(texts, pa.string()),
                pa.array(counts, pa.int32()),
            ],
            schema=TEXTS.arrow(),
        )
        messages = self._messages.arrow()
        tokens = pa.array([self._counts[digest] for digest in self._message_digests], pa.int32())
        messages = messages.set_column(messages.schema.get_field_index("content_tokens"), "content_tokens", tokens)
        return {
            CONVERSATIONS.name: self._conversations.arrow(),
            MESSAGES.name: messages,
            BLOCKS.name: self._blocks.arrow(),
            ATTACHMENTS.name: self._attachments.arrow(),
            FEEDBACK.name: self._feedback.arrow(),
            TEXTS.name: text_table,
            QUARANTINE.name: self._quarantine.arrow(),
        }

    def __len__(self) -> int:
        """Messages and quarantined pieces waiting."""
        return len(self._messages) + len(self._quarantine)
