"""The columns every stored row carries: where it came from, in which run, under which id."""

from __future__ import annotations

import hashlib

from moonshine_assets.tables.schema import Column

PROVENANCE: tuple[Column, ...] = (
    Column("provider", "VARCHAR", "provider name, e.g. chatgpt"),
    Column("provider_run_id", "VARCHAR", "run that brought the row, <provider>_YYYYMMDD_HHMMSS (UTC)"),
    Column("source_file_sha256", "VARCHAR", "SHA-256 of the export as it was given", sha256=True),
    Column("source_path", "VARCHAR", "name of the export as it was given"),
    Column("ingested_at", "TIMESTAMP", "when the run was locked to its source, UTC"),
    Column("record_uid", "VARCHAR", "identity of the record, see record_uid()", sha256=True),
)

#: Where a row stands in its export.
RAW_REF: tuple[Column, ...] = (
    Column("raw_member", "VARCHAR", "file inside the export (the file itself for a plain JSON)"),
    Column("raw_index", "INTEGER", "index of the conversation in that file", at_least=0),
    Column("raw_start", "BIGINT", "first byte of the conversation's JSON in that file", at_least=0),
    Column("raw_end", "BIGINT", "byte after its last", at_least=0),
)


def record_uid(provider: str, provider_run_id: str, conversation_id: str, message_id: str = "") -> str:
    """Hex SHA-256 over the four parts, each as `<length in UTF-8 bytes>:<bytes>`.

    The length prefixes keep ("a", "bc") and ("ab", "c") apart. Same on every machine and version; the
    SQL twin is `RECORD_UID_SQL`.
    """
    digest = hashlib.sha256()
    for part in (provider, provider_run_id, conversation_id, message_id):
        data = part.encode("utf-8")
        digest.update(b"%d:" % len(data))
        digest.update(data)
    return digest.hexdigest()


#: `record_uid` as a DuckDB expression; `{message_id}` is a column name or the literal `''`.
RECORD_UID_SQL = (
    "sha256(concat("
    "strlen($provider)::VARCHAR, ':', $provider, "
    "strlen($provider_run_id)::VARCHAR, ':', $provider_run_id, "
    "strlen(conversation_id)::VARCHAR, ':', conversation_id, "
    "strlen({message_id})::VARCHAR, ':', {message_id}))"
)
