"""Texts: every distinct text once, with its token count."""

from __future__ import annotations

from moonshine_assets.tables.schema import Column, Table

TEXTS = Table(
    name="texts",
    doc="Every distinct text once; messages and blocks point here.",
    key=("content_sha256",),
    columns=(
        Column("content_sha256", "VARCHAR", "SHA-256 of the text in UTF-8", sha256=True),
        Column("text", "VARCHAR", "the text", long=True),
        Column("tokens", "INTEGER", "o200k_base tokens", at_least=0),
    ),
)
