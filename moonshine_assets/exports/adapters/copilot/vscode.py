"""Chats of VS Code, as "Chat: Export" writes them: requests, each with its message, response and result."""

from __future__ import annotations

from typing import Any

from moonshine_assets.errors import Unreadable
from moonshine_assets.exports.adapters.copilot.response import response_blocks
from moonshine_assets.exports.adapters.copilot.rounds import with_rounds
from moonshine_assets.exports.decode import decode
from moonshine_assets.exports.loose import (
    as_dict,
    as_list,
    bad_node,
    first_ident,
    first_text,
    moment,
    odd,
    own_ids,
    texts,
    unknown_fields,
)
from moonshine_assets.exports.ratings import rating
from moonshine_assets.exports.records import Attachment, BadNode, Block, Message, Node, ParsedConversation
from moonshine_assets.exports.values import anonymous_id, json_type, payload, rest, text_or_none

_SOURCES = ("contentReferences", "codeCitations", "usedContext")
#: Fields read, and the editor's own bookkeeping.
_KNOWN = frozenset(
    {
        *_SOURCES,
        *("requestId", "message", "variableData", "response", "responseId", "result", "followups", "isCanceled"),
        *("agent", "slashCommand", "timestamp", "modelId", "vote", "voteDownReason", "modelState", "attempt"),
        *("responseMarkdownInfo", "isHidden", "shouldBeRemovedOnSend", "confirmation", "editedFileEvents"),
        *("timeSpentWaiting", "completedAt", "isCompleteAddedRequest", "agentOrSlashCommandDetected"),
        *("responseTokens", "promptTokens", "completionTokens"),
    }
)


def parse_chat(data: bytes | memoryview, source_type: str) -> ParsedConversation:
    """A chat; every request is two nodes, of which one may hold no message.

    Raises:
        Unreadable: not JSON, not an object, or without a list of requests.
    """
    document, decode_flags = decode(data, dict[str, Any])
    if not isinstance(document, dict):
        raise Unreadable(f"a chat must be a JSON object, this is {json_type(document)}")
    requests = document.get("requests")
    if not isinstance(requests, list):
        raise Unreadable(f"requests must be a list, this is {json_type(requests)}")
    flags = set(decode_flags)
    asked = [request for request in requests if isinstance(request, dict)]
    bad_nodes: list[BadNode] = [bad_node(None, entry, "a request") for entry in requests if not isinstance(entry, dict)]
    given: list[str] = []
    for rank, request in enumerate(asked):
        name = first_ident(request, "requestId") or f"r{rank}"
        given += [name, first_ident(request, "responseId") or f"{name}:response"]
    ids = own_ids(given)
    messages = [made for request in asked for made in (_prompt(request, flags), _response(request, document, flags))]
    for name, own, message in zip(given, ids, messages, strict=True):
        if name != own and message is not None:
            message.flags = sorted({*message.flags, "duplicate_id"})
    times = [message.created_at for message in messages if message is not None and message.created_at]
    models = [message.model for message in messages if message is not None and message.model]
    return ParsedConversation(
        conversation_id=first_ident(document, "sessionId", "id") or anonymous_id(data),
        shape="copilot-vscode",
        source_type=source_type,
        nodes=[Node(own, above, message) for own, above, message in zip(ids, [None, *ids], messages, strict=False)],
        nodes_in=sum(2 if isinstance(entry, dict) else 1 for entry in requests),
        current=ids[-1] if ids else None,
        title=first_text(document, "customTitle", "title"),
        created_at=moment(document.get("creationDate"), flags) or min(times, default=None),
        updated_at=moment(document.get("lastMessageDate"), flags) or max(times, default=None),
        default_model=models[-1] if models else None,
        flags=sorted(flags),
        bad_nodes=bad_nodes,
    )


def _prompt(request: dict[str, Any], conversation_flags: set[str]) -> Message | None:
    flags: set[str] = set()
    stated = request.get("message")
    blocks: list[Block] = []
    if isinstance(stated, dict):
        said = stated.get("text")
        blocks = texts("text", said, flags)
        for part in as_list(stated.get("parts")):
            blocks += _part(part, text_or_none(said) or "", flags)
        blocks += unknown_fields(stated, frozenset({"text", "parts"}))
    else:
        blocks = texts("text", stated, flags)
    attachments: list[Attachment] = []
    variables = request.get("variableData")
    listed = as_dict(variables).get("variables") if isinstance(variables, dict) else variables
    for variable in as_list(listed):
        if not isinstance(variable, dict):
            blocks += texts("file", variable, flags)
            continue
        value = variable.get("value")
        said = [key for key in ("code", "modelDescription") if text_or_none(variable.get(key))][:1]
        found = [text for text in (text_or_none(value), first_text(variable, *said)) if text]
        left_out = [*(["value"] if isinstance(value, str) else []), *said]
        kind = "image" if variable.get("kind") == "image" else "file"
        blocks.append(Block(kind, "\n".join(found) or None, payload=rest(variable, left_out)))
        attachments.append(
            Attachment(attachment_id=first_ident(variable, "id"), name=first_text(variable, "name", "fullName"))
        )
    if not blocks:
        return None
    return Message(
        "user",
        "human",
        blocks,
        recipient=text_or_none(as_dict(request.get("slashCommand")).get("name")),
        created_at=moment(request.get("timestamp"), conversation_flags),
        attachments=attachments,
        flags=sorted(flags),
    )


def _part(part: Any, said: str, flags: set[str]) -> list[Block]:
    """A part of a prompt, which repeats a piece of its text; it counts where it does not."""
    if not isinstance(part, dict):
        return texts("text", part, flags)
    text = text_or_none(part.get("text"))
    if text is not None and text not in said:
        return [Block("text", text)]
    return [] if text is not None or part.get("text") == "" else [odd(part, flags)]


def _response(request: dict[str, Any], document: dict[str, Any], conversation_flags: set[str]) -> Message | None:
    flags: set[str] = set()
    blocks = response_blocks(request.get("response"), flags)
    result = as_dict(request.get("result"))
    blocks = with_rounds(blocks, as_dict(result.get("metadata")))
    failure = result.get("errorDetails")
    if isinstance(failure, dict):
        blocks.append(Block("error", first_text(failure, "message"), is_error=True, payload=payload(failure)))
    elif failure:
        blocks += texts("error", failure, flags)
    sources = {key: request[key] for key in _SOURCES if request.get(key)}
    if sources:
        blocks.append(Block("citation", payload=payload(sources)))
    if request.get("followups"):
        blocks.append(Block("raw", payload=payload({"followups": request["followups"]})))
    blocks += unknown_fields(request, _KNOWN)
    if not blocks:
        return None
    canceled = request.get("isCanceled") is True
    return Message(
        "assistant",
        "model",
        blocks,
        author_name=_agent(request) or first_text(document, "responderUsername"),
        model=first_text(request, "modelId") or first_text(as_dict(result.get("metadata")), "modelId"),
        created_at=moment(request.get("completedAt", request.get("timestamp")), conversation_flags),
        status="canceled" if canceled else None,
        stop_reason="canceled" if canceled else None,
        feedback=_vote(request),
        flags=sorted(flags),
    )


def _agent(request: dict[str, Any]) -> str | None:
    return first_text(as_dict(request.get("agent")), "fullName", "name", "id")


def _vote(request: dict[str, Any]) -> str | None:
    """The thumb: 1 up, 0 down; without one there is no field."""
    vote = request.get("vote")
    reason = text_or_none(request.get("voteDownReason"))
    known = {0: -1, 1: 1}.get(vote, vote) if isinstance(vote, int) and not isinstance(vote, bool) else vote
    return rating(known, {"voteDownReason": reason} if reason else {})
