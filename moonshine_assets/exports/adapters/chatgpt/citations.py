"""Citations: marks in the text, and where they lead (EXPORT-FORMATS §2.9)."""

from __future__ import annotations

import re

from moonshine_assets.exports.adapters.chatgpt.wire import Metadata, as_text
from moonshine_assets.exports.decode import compact_json
from moonshine_assets.exports.records import Block

_OPEN = "\ue200"
#: A whole mark: opened, anything, closed.
_SPAN = re.compile("\ue200[^\ue200\ue201]*\ue201")
#: A mark cut off at the end of a text (an answer that was stopped), or single mark characters left over.
_REST = re.compile("\ue200[a-z_]*(?:\ue202[^\\s\ue200-\ue206]*)*\\Z|[\ue200-\ue206]")


def replace_marks(text: str, references: object) -> str:
    """Private-use marks replaced by what `content_references` gives for them (alt text, else title), or taken out."""
    if text.isascii() or not _marked(text):
        return text
    if _OPEN in text:
        named = _names(references)
        text = _SPAN.sub(lambda match: named.get(match[0], ""), text)
    return _REST.sub("", text) if _marked(text) else text


def _marked(text: str) -> bool:
    """Any mark character left? Four searches are many times faster than one for a set of characters."""
    return _OPEN in text or "\ue201" in text or "\ue203" in text or "\ue206" in text


def citation_blocks(metadata: Metadata) -> list[Block]:
    """All the message says about its sources, as JSON under the names of the export; no text, no block without any.

    What was searched and found stands nowhere else; nor does the passage that a reply was meant for.
    """
    sources = {
        "citations": metadata.citations,
        "content_references": metadata.content_references,
        "_cite_metadata": metadata.cite_metadata,
        "search_queries": metadata.search_queries,
        "search_result_groups": metadata.search_result_groups,
        "image_results": metadata.image_results,
        "targeted_reply": metadata.targeted_reply,
        "value": metadata.value,
    }
    stated = {key: value for key, value in sources.items() if value}
    return [Block("citation", payload=compact_json(stated))] if stated else []


def _names(references: object) -> dict[str, str]:
    names: dict[str, str] = {}
    for reference in references if isinstance(references, list) else ():
        if isinstance(reference, dict):
            mark = as_text(reference.get("matched_text"))
            name = as_text(reference.get("alt")) or as_text(reference.get("title"))
            if mark is not None and name is not None:
                names.setdefault(mark, name)
    return names
