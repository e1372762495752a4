"""Redaction: which texts were searched, what became of those in which something was found."""

from __future__ import annotations

from moonshine_assets.tables.schema import Column, Table

TEXT_SCANS = Table(
    name="text_scans",
    doc="One row a text (of a message or block) or JSON of arguments that was searched under the rules in force.",
    key=("content_sha256",),
    columns=(
        Column("content_sha256", "VARCHAR", "SHA-256 of the text as the export has it", sha256=True),
        Column("redactions", "INTEGER", "places that were replaced", at_least=0),
    ),
)

REDACTED_TEXTS = Table(
    name="redacted_texts",
    doc="The texts in which something was replaced; what comes after cleaning reads them in place of the originals.",
    key=("content_sha256",),
    columns=(
        Column("content_sha256", "VARCHAR", "SHA-256 of the text as the export has it", sha256=True),
        Column("text", "VARCHAR", "the text with placeholders", long=True),
        Column("tokens", "INTEGER", "tokens of it, o200k_base", at_least=0),
        Column("replaced", "JSON", "places replaced by each rule"),
    ),
)

PLACEHOLDERS = Table(
    name="placeholders",
    doc="The number each replaced value has in its placeholder, the same in every text.",
    key=("label", "value_sha256"),
    columns=(
        Column("label", "VARCHAR", "what kind of value it is"),
        Column("value_sha256", "VARCHAR", "SHA-256 of label and value as values are compared", sha256=True),
        Column("number", "INTEGER", "rank of its first place in the corpus, from 1; never given again", at_least=1),
    ),
)

CLEANING_STATE = Table(
    name="cleaning_state",
    doc="One row: the rules the derived tables were made by.",
    key=("redaction_version",),
    columns=(
        Column("redaction_version", "VARCHAR", "redaction rules and identities in force"),
        Column("signals_version", "VARCHAR", "what the signals and bands of texts were measured by"),
        Column("policy_version", "VARCHAR", "policy the mash was last cleaned by"),
    ),
)
