"""The conversations of one export file, whatever its form: elements of a JSON file, ranges of a page or table, logs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from moonshine_assets.errors import Unreadable
from moonshine_assets.exports.adapters import arrays_of
from moonshine_assets.exports.records import ANONYMOUS, ExportContext, ParsedConversation, RawElement
from moonshine_assets.exports.split import Split, split

_HEAD_BYTES = 1 << 20


class Found(NamedTuple):
    """One conversation where it stands, or the reason why it is none."""

    element: RawElement
    parsed: ParsedConversation | None
    reason: str = ""


def found_in(
    adapter: ModuleType, name: str, path: Path, view: memoryview, context: ExportContext
) -> tuple[Split | None, Iterator[Found]]:
    """The conversations of a file, one after the other, and where they stand (None: known when they are read).

    Args:
        adapter: the provider's module.
        name: the file's name in the export.
        path: where its bytes are.
        view: its bytes, mapped.
        context: for the adapter.

    Raises:
        BadInput: the file cannot be split.
    """
    if hasattr(adapter, "claim_bytes") and adapter.claim_bytes(bytes(view[:_HEAD_BYTES]), name) is not None:
        return None, _whole_file(adapter, name, view, context)
    spans = split(path, view, name, arrays_of(adapter))
    return spans, _elements(adapter, name, view, context, spans)


def _elements(
    adapter: ModuleType, name: str, view: memoryview, context: ExportContext, spans: Split
) -> Iterator[Found]:
    for rank, (start, end) in enumerate(spans.spans):
        element = RawElement(name, rank, start, end, view[start:end])
        try:
            parsed: ParsedConversation = adapter.parse(element.data, context)
        except Unreadable as error:
            yield Found(element, None, str(error))
            continue
        except MemoryError:
            raise
        except Exception as error:  # one conversation an adapter stumbles over never costs the others
            yield Found(element, None, f"the {adapter.PROVIDER} adapter failed with {type(error).__name__}")
            continue
        if spans.names and parsed.conversation_id.startswith(ANONYMOUS):
            parsed.conversation_id = spans.names[rank]
        yield Found(element, parsed)


def _whole_file(adapter: ModuleType, name: str, view: memoryview, context: ExportContext) -> Iterator[Found]:
    for rank, (start, end, result) in enumerate(adapter.parse_file(view, name, context)):
        element = RawElement(name, rank, start, end, view[start:end])
        yield Found(element, None, str(result)) if isinstance(result, Unreadable) else Found(element, result)
