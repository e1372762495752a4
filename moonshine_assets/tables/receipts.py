"""Receipts: the conservation law, one row a file of the export.

bytes_total         = bytes_conversations + bytes_structure + bytes_quarantined + bytes_sidecar + bytes_forgotten
conversations_in    = written + empty + duplicate + quarantined + forgotten
nodes_in            = visible + hidden + structural + duplicate + quarantined

What was forgotten is no longer in the archived export: totals are those of the export as it was given, and files that
went as a whole are one row, without their names.
"""

from __future__ import annotations

from moonshine_assets.tables.provenance import PROVENANCE
from moonshine_assets.tables.schema import Column, Table

MEMBER_ROLES: tuple[str, ...] = ("conversations", "sidecar", "attachment", "ignored", "forgotten")
#: What stands in place of the name of files that were forgotten as a whole.
FORGOTTEN = "(forgotten)"

_COUNTS = (
    ("bytes_total", "BIGINT", "size of the file, bytes (uncompressed)"),
    ("bytes_conversations", "BIGINT", "bytes of conversations taken in, empty or duplicate"),
    ("bytes_structure", "BIGINT", "brackets, commas, white space between conversations"),
    ("bytes_quarantined", "BIGINT", "bytes of quarantined conversations"),
    ("bytes_sidecar", "BIGINT", "bytes of files without conversations, archived as they are"),
    ("bytes_forgotten", "BIGINT", "bytes that were cut out of the archived export because they were forgotten"),
    ("conversations_in", "INTEGER", "conversations found by splitting the file"),
    ("conversations_written", "INTEGER", "conversations with messages"),
    ("conversations_empty", "INTEGER", "conversations without any message"),
    ("conversations_duplicate", "INTEGER", "further copies of a conversation of the same run"),
    ("conversations_older", "INTEGER", "of the duplicates, those with other bytes: kept in quarantine as older_copy"),
    ("conversations_quarantined", "INTEGER", "conversations that did not parse"),
    ("conversations_forgotten", "INTEGER", "conversations that were cut out because they were forgotten"),
    ("nodes_in", "INTEGER", "nodes the parsed conversations hold"),
    ("nodes_visible", "INTEGER", "kept, shown to the person"),
    ("nodes_hidden", "INTEGER", "kept, not shown"),
    ("nodes_structural", "INTEGER", "tree nodes without a message"),
    ("nodes_duplicate", "INTEGER", "nodes of duplicate conversations, or identical copies in one"),
    ("nodes_replayed", "INTEGER", "of the duplicates, those that a resumed or forked session repeats of another one"),
    ("nodes_quarantined", "INTEGER", "nodes that did not parse"),
)

RECEIPTS = Table(
    name="receipts",
    doc="The conservation law, one row a file of the export.",
    key=("provider", "provider_run_id", "member"),
    columns=(
        *PROVENANCE,
        Column("member", "VARCHAR", "file inside the export"),
        Column("member_role", "VARCHAR", "what the file is", one_of=MEMBER_ROLES),
        *(Column(name, type_, doc, at_least=0) for name, type_, doc in _COUNTS),
    ),
)

#: Names of the counted columns, in table order.
RECEIPT_COUNTS: tuple[str, ...] = tuple(name for name, _, _ in _COUNTS)
