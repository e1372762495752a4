"""The receipt by category: what came in of each kind and what became of it, one row a file and category.

messages_in   = kept + duplicate                (a message: main_path, side_branch or hidden)
items_in      = kept + duplicate + quarantined  (a part of a message: a block, or a file it refers to)
characters_in = kept + duplicate                (of an item: its text, its arguments and its payload, as stored)

What comes in and what is a duplicate is counted while conversations are read; what is kept and quarantined is counted
by SQL in the database. Categories are disjoint, the first rule that applies counts.

An item:
1. tool_call, tool_result, thinking: a block of that kind, wherever it stands;
2. attachment_text: a block of kind file, image or audio, with the text read out of it, and a reference to a file;
3. unknown_block: a block of kind raw; a conversation or node that did not parse is one such item, without characters
   (its bytes are in receipts);
4. hidden: any other block of a message that is not shown to the person;
5. main_path: any other block of a message on the active path;
6. side_branch: any other block, its message is on another branch.

A message is hidden, main_path or side_branch by rules 4 to 6. The kind comes before the place because some providers
hide every call and its result: they would all be called hidden.

An identical copy of a node within its conversation stands on no path: rule 6 takes what the rules before it leave.
"""

from __future__ import annotations

from moonshine_assets.tables.provenance import PROVENANCE
from moonshine_assets.tables.schema import Column, Table

CATEGORIES: tuple[str, ...] = (
    "main_path",
    "side_branch",
    "tool_call",
    "tool_result",
    "thinking",
    "hidden",
    "attachment_text",
    "unknown_block",
)

#: Kinds of blocks that are a category of their own wherever they stand; the others go by the place of their message.
CATEGORY_OF_KIND: dict[str, str] = {
    "tool_call": "tool_call",
    "tool_result": "tool_result",
    "thinking": "thinking",
    "file": "attachment_text",
    "image": "attachment_text",
    "audio": "attachment_text",
    "raw": "unknown_block",
}

_COUNTS = (
    ("messages_in", "messages read"),
    ("messages_kept", "messages the database holds"),
    ("messages_duplicate", "messages of duplicate conversations, or identical copies in one"),
    ("items_in", "blocks and file references read, and one for each conversation or node that did not parse"),
    ("items_kept", "blocks and file references the database holds, with message and text"),
    ("items_duplicate", "items of duplicate conversations, or of identical copies in one"),
    ("items_quarantined", "conversations and nodes in quarantine because they did not parse"),
    ("characters_in", "characters of text, arguments and payload read"),
    ("characters_kept", "characters of text, arguments and payload the database holds"),
    ("characters_duplicate", "characters of duplicate items"),
)

RECEIPT_CATEGORIES = Table(
    name="receipt_categories",
    doc="The receipt by category, one row a file and category; a category the file has nothing of has no row.",
    key=("provider", "provider_run_id", "member", "category"),
    columns=(
        *PROVENANCE,
        Column("member", "VARCHAR", "file inside the export"),
        Column("category", "VARCHAR", "what it is, the first rule that applies", one_of=CATEGORIES),
        *(Column(name, "BIGINT", doc, at_least=0) for name, doc in _COUNTS),
    ),
)

#: Names of the counted columns, in table order.
CATEGORY_COUNTS: tuple[str, ...] = tuple(name for name, _ in _COUNTS)
