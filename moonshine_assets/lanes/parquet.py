"""Rows as Parquet: lists of messages as `list<arrow.json>`, since structs would be filled up with nulls.

(LANES-FACTS 0.2, 0.3.) The JSON text of each item is taken as it stands in the row's line, never parsed.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from moonshine_assets.lanes.columns import JSON_LIST, arrow_schema, columns
from moonshine_assets.lanes.spill import Entry, Rows

_ROW_GROUP = 1_000
#: A group ends early when its lines are this large, so that memory does not grow with the length of conversations.
_GROUP_BYTES = 32_000_000


def write_parquet(path: Path, lane: str, rows: Rows) -> None:
    """Write the rows in their order; without rows a file with the columns alone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    schema = arrow_schema(lane)
    decoder = msgspec.json.Decoder(dict[str, msgspec.Raw])
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        entries = iter(rows.entries)
        while group := _group(entries):
            lines = [decoder.decode(rows.line(entry)) for entry in group]
            arrays = [_column(schema.field(name), [line[name] for line in lines]) for name in columns(lane)]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema), row_group_size=_ROW_GROUP)


def _group(entries: Iterator[Entry]) -> list[Entry]:
    group: list[Entry] = []
    size = 0
    for entry in islice(entries, _ROW_GROUP):
        group.append(entry)
        size += entry.length
        if size >= _GROUP_BYTES:
            break
    return group


_items = msgspec.json.Decoder(list[msgspec.Raw])


def _column(field: pa.Field, values: list[msgspec.Raw]) -> pa.Array:
    if field.type != JSON_LIST:
        return pa.array([msgspec.json.decode(value) for value in values], field.type)
    texts = [[bytes(item).decode("utf-8") for item in _items.decode(value)] for value in values]
    lists = pa.array(texts, pa.list_(pa.string()))
    return pa.ListArray.from_arrays(
        lists.offsets, pa.ExtensionArray.from_storage(JSON_LIST.value_type, lists.values), type=JSON_LIST
    )
