"""Perplexity: threads saved by exporters, and answers of the site's interface (EXPORT-FORMATS §11).

In: a whole file, which is one thread (a list of such threads is read element by element). Out: a `ParsedConversation`
in which every entry is a question and its answer. Always: nodes_in = nodes + bad nodes, two nodes an entry, and odd
types never raise anything but `Unreadable`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from moonshine_assets.errors import Unreadable
from moonshine_assets.exports.adapters.perplexity.answer import answer_blocks, source_blocks
from moonshine_assets.exports.adapters.perplexity.detect import (
    LISTS,
    claim,
    claim_bytes,
    conversation_members,
    is_entry,
    sidecar,
)
from moonshine_assets.exports.decode import decode
from moonshine_assets.exports.loose import (
    as_dict,
    as_list,
    bad_node,
    depth_guarded,
    first_ident,
    first_text,
    moment,
    odd,
    own_ids,
    texts,
    unknown_fields,
)
from moonshine_assets.exports.records import (
    Attachment,
    BadNode,
    Block,
    ExportContext,
    Message,
    Node,
    ParsedConversation,
)
from moonshine_assets.exports.values import anonymous_id, json_type, payload, text_or_none

__all__ = [
    "PROVIDER",
    "SOURCE_TYPE",
    "WHOLE_FILE",
    "claim",
    "claim_bytes",
    "context",
    "conversation_members",
    "parse",
    "parse_file",
    "sidecar",
]

PROVIDER = "perplexity"
SOURCE_TYPE = "perplexity_export"
#: Every file is one conversation.
WHOLE_FILE = True

_THREAD_IDS = ("thread_id", "context_uuid", "frontend_context_uuid", "thread_url_slug", "slug")
_SLUG = re.compile(r"/search/(?:[^/?#]*-)?([\w.-]+)")
_MODELS = ("display_model", "model", "user_selected_model")
_ASKED = ("query", "query_str")
_CREATED = ("timestamp", "entry_created_datetime", "created_at", "updated_datetime")
_UPDATED = ("entry_updated_datetime", "updated_datetime", "updated_at")
_SUGGESTIONS = ("related_queries", "related_query_items")
_ANSWERED = ("answer", "text", "blocks", "sources", "web_results", "citations", *_SUGGESTIONS)
#: Fields of the site's own bookkeeping, and those read elsewhere.
_KNOWN = frozenset(
    {
        *_ASKED,
        *_ANSWERED,
        *_MODELS,
        *_CREATED,
        *_UPDATED,
        *_THREAD_IDS,
        *("index", "uuid", "backend_uuid", "thread_title", "mode", "language", "attachments", "status", "error"),
        *("search_focus", "search_mode", "source", "sources_list", "personalized", "privacy_state", "read_write_token"),
        *("author_id", "author_username", "author_image", "bookmark_state", "s3_social_preview_url", "thread_access"),
        *("text_completed", "final_sse_message", "expect_search_results", "gpt4", "prompt_source"),
        *("query_source", "is_pro_reasoning_mode", "step_type", "media_items", "widget_data", "thread_url"),
    }
)


def context(read: Callable[[str], bytes | None], members: Mapping[str, int]) -> ExportContext:  # noqa: ARG001
    """Sizes of the members: no other file says anything about a thread."""
    return ExportContext(members=members)


def parse_file(
    data: memoryview,
    name: str,  # noqa: ARG001
    context: ExportContext,
) -> Iterator[tuple[int, int, ParsedConversation | Unreadable]]:
    """The one thread of the file."""
    try:
        yield 0, len(data), parse(data, context)
    except Unreadable as error:
        yield 0, len(data), error


@depth_guarded
def parse(data: bytes | memoryview, context: ExportContext) -> ParsedConversation:  # noqa: ARG001
    """A thread of any of the forms.

    Conversation flags: those of `decode`, `time_without_zone`. Message flags: `odd_content`, `duplicate_id`.

    Raises:
        Unreadable: not JSON, nested too deeply, not an object, or without a list of entries.
    """
    document, decode_flags = decode(data, dict[str, Any])
    if not isinstance(document, dict):
        raise Unreadable(f"a thread must be a JSON object, this is {json_type(document)}")
    listed = next((document[key] for key in LISTS if isinstance(document.get(key), list)), None)
    if listed is None and is_entry(document):
        listed = [document]
    if listed is None:
        raise Unreadable(f"entries must be a list, this is {json_type(document.get('entries'))}")
    flags = set(decode_flags)

    entries = [entry for entry in listed if isinstance(entry, dict)]
    bad_nodes: list[BadNode] = [bad_node(None, entry, "an entry") for entry in listed if not isinstance(entry, dict)]
    given = [first_ident(entry, "uuid", "backend_uuid") or f"e{rank}" for rank, entry in enumerate(entries)]
    nodes: list[Node] = []
    above: str | None = None
    for entry, name, own in zip(entries, given, own_ids(given), strict=True):
        asked, answered = _question(entry, flags), _answer(entry, flags)
        for message in (asked, answered) if name != own else ():
            if message is not None:
                message.flags = sorted({*message.flags, "duplicate_id"})
        nodes += [Node(f"{own}:query", above, asked), Node(own, f"{own}:query", answered)]
        above = own

    about = [as_dict(document.get(key)) for key in ("metadata", "thread_metadata")] + [document, *entries]
    link = next((address for part in about if (address := first_text(part, "thread_url"))), "")
    slug = _SLUG.search(link)
    times = [node.message.created_at for node in nodes if node.message is not None and node.message.created_at]
    created = next((when for part in about[:2] if (when := moment(part.get("thread_created_at"), flags))), None)
    return ParsedConversation(
        conversation_id=next((thread for part in about if (thread := first_ident(part, *_THREAD_IDS))), None)
        or (slug[1] if slug else None)
        or anonymous_id(data),
        shape="perplexity-api" if isinstance(document.get("entries"), list) else "perplexity-export",
        source_type=SOURCE_TYPE,
        nodes=nodes,
        nodes_in=2 * sum(isinstance(entry, dict) for entry in listed)
        + sum(not isinstance(entry, dict) for entry in listed),
        current=above,
        title=next((named for part in about if (named := first_text(part, "thread_title", "title"))), None),
        created_at=created or min(times, default=None),
        updated_at=max(times, default=None),
        default_model=next((model for entry in reversed(entries) if (model := first_text(entry, *_MODELS))), None),
        project=next((inside for part in about if (inside := _collection(part))), None),
        flags=sorted(flags),
        bad_nodes=bad_nodes,
    )


def _collection(part: dict[str, Any]) -> str | None:
    inner = part.get("collection_info", part.get("collection"))
    return first_ident(as_dict(inner), "uuid", "slug", "title")


def _question(entry: dict[str, Any], conversation_flags: set[str]) -> Message | None:
    flags: set[str] = set()
    blocks: list[Block] = []
    for key in _ASKED:
        if entry.get(key) not in (entry.get(other) for other in _ASKED[: _ASKED.index(key)]):
            blocks += texts("text", entry.get(key), flags)
    attachments: list[Attachment] = []
    for item in as_list(entry.get("attachments")):
        if not isinstance(item, str | dict):
            blocks.append(odd(item, flags))
            continue
        stated = {"url": item} if isinstance(item, str) else item
        address = first_text(stated, "url", "file_url") or ""
        name = first_text(stated, "name", "file_name") or address.partition("?")[0].rpartition("/")[2] or None
        blocks.append(Block("file", payload=payload(stated)))
        attachments.append(Attachment(attachment_id=first_ident(stated, "uuid", "id"), name=name))
    if not blocks:
        return None
    return Message(
        "user",
        "human",
        blocks,
        created_at=_time(entry, _CREATED, conversation_flags),
        attachments=attachments,
        flags=sorted(flags),
    )


def _answer(entry: dict[str, Any], conversation_flags: set[str]) -> Message | None:
    flags: set[str] = set()
    blocks = answer_blocks(entry, flags) + source_blocks(entry)
    for block in texts("error", entry.get("error") or None, flags):
        block.is_error = True
        blocks.append(block)
    suggestions = {key: entry[key] for key in _SUGGESTIONS if entry.get(key)}
    if suggestions:
        blocks.append(Block("raw", payload=payload(suggestions)))
    blocks += unknown_fields(entry, _KNOWN)
    if not blocks:
        return None
    status = text_or_none(entry.get("status"))
    return Message(
        "assistant",
        "model",
        blocks,
        model=first_text(entry, *_MODELS),
        created_at=_time(entry, (*_UPDATED, *_CREATED), conversation_flags),
        status=status.lower() if status else None,
        flags=sorted(flags),
    )


def _time(entry: dict[str, Any], keys: tuple[str, ...], flags: set[str]) -> int | None:
    return next((when for key in keys if (when := moment(entry.get(key), flags)) is not None), None)
