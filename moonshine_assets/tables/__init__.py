"""Every table Moonshine stores, declared once: DDL, Arrow schema, pandera check, UI schema and docs come from here.

In: nothing. Out: one `Table` a module. Always: a column exists here or nowhere.
"""

from moonshine_assets.tables.attachments import ATTACHMENTS
from moonshine_assets.tables.blocks import BLOCKS
from moonshine_assets.tables.conversations import CONVERSATIONS
from moonshine_assets.tables.feedback import FEEDBACK
from moonshine_assets.tables.messages import MESSAGES
from moonshine_assets.tables.quarantine import QUARANTINE
from moonshine_assets.tables.receipt_categories import RECEIPT_CATEGORIES
from moonshine_assets.tables.receipts import RECEIPTS
from moonshine_assets.tables.schema import Column, Table
from moonshine_assets.tables.texts import TEXTS

#: The tables of one provider run, in the order they are written.
RUN_TABLES: tuple[Table, ...] = (
    CONVERSATIONS,
    MESSAGES,
    BLOCKS,
    TEXTS,
    ATTACHMENTS,
    FEEDBACK,
    QUARANTINE,
    RECEIPTS,
    RECEIPT_CATEGORIES,
)

__all__ = [
    "ATTACHMENTS",
    "BLOCKS",
    "CONVERSATIONS",
    "FEEDBACK",
    "MESSAGES",
    "QUARANTINE",
    "RECEIPTS",
    "RECEIPT_CATEGORIES",
    "RUN_TABLES",
    "TEXTS",
    "Column",
    "Table",
]
