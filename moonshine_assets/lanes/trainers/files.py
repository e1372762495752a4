"""Lines to files: JSONL, or Parquet as verl reads it."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from moonshine_assets.lanes.rows import Row
from moonshine_assets.lanes.trainers.form import FileFormat, compact

_ROW_GROUP = 1_000
_FUNCTION = pa.struct([("name", pa.string()), ("arguments", pa.string())])
_CALL = pa.struct([("id", pa.string()), ("type", pa.string()), ("function", _FUNCTION)])
_PLAIN = pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())]))
_WITH_CALLS = pa.list_(
    pa.struct(
        [
            ("role", pa.string()),
            ("content", pa.string()),
            ("tool_calls", pa.list_(_CALL)),
            ("tool_call_id", pa.string()),
            ("name", pa.string()),
        ]
    )
)
#: Types that cannot be told from the values: an empty list has none.
_TYPES: dict[str, pa.DataType] = {"node_ids": pa.list_(pa.string()), "step_ok": pa.list_(pa.int8()), "prompt": _PLAIN}


def lines_written(path: Path, lines: Iterator[Row], file_format: FileFormat, lane: str) -> int:
    """Write the lines as a file, as a stream; how many there were."""
    return _jsonl(path, lines) if file_format == "jsonl" else _parquet(path, lines, lane)


def _jsonl(path: Path, lines: Iterator[Row]) -> int:
    count = 0
    with path.open("w", encoding="utf-8", newline="\n") as stream:
        for line in lines:
            stream.write(compact(line) + "\n")
            count += 1
    return count


def _parquet(path: Path, lines: Iterator[Row], lane: str) -> int:
    """Structs with the same fields in every row: pandas, with which verl reads, knows no arrow.json."""
    count = 0
    writer: pq.ParquetWriter | None = None
    try:
        while part := [line for _, line in zip(range(_ROW_GROUP), lines, strict=False)]:
            table = _table(part, lane, writer.schema if writer else None)
            writer = writer or pq.ParquetWriter(path, table.schema, compression="zstd")
            writer.write_table(table, row_group_size=_ROW_GROUP)
            count += len(part)
        if writer is None:
            path.write_bytes(_empty(lane))
    finally:
        if writer is not None:
            writer.close()
    return count


def _table(lines: list[Row], lane: str, schema: pa.Schema | None) -> pa.Table:
    if schema is None:
        known = {**_TYPES, "messages": _WITH_CALLS if lane == "agentic_code" else _PLAIN}
        names = lines[0]
        schema = pa.schema([(name, known.get(name) or _type_of([line[name] for line in lines])) for name in names])
    return pa.Table.from_pylist(lines, schema=schema)


def _type_of(values: list[object]) -> pa.DataType:
    kind = pa.array(values).type
    return pa.string() if pa.types.is_null(kind) else kind


def _empty(lane: str) -> bytes:
    """A file without rows still has the column its trainer asks for."""
    name, kind = ("prompt", _PLAIN) if lane == "grpo" else ("messages", _PLAIN)
    buffer = io.BytesIO()
    pq.write_table(pa.table({name: pa.array([], kind)}), buffer)
    return buffer.getvalue()
