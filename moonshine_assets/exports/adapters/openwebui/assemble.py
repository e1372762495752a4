"""From the nodes of a chat to its record: the tree, the shown leaf, and what the chat says for all its messages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moonshine_assets.exports.adapters.openwebui.files import file_blocks, file_ids
from moonshine_assets.exports.adapters.openwebui.wire import Entry, Read, WireMessage, bears
from moonshine_assets.exports.decode import compact_json
from moonshine_assets.exports.records import Attachment, BadNode, Block, Message, Node, ParsedConversation
from moonshine_assets.exports.values import anonymous_id, ident, moment, text_or_none, texts_of

#: Larger times are counted in nanoseconds.
_NANOSECONDS = 10**17
#: (message, key of its node, flags of the conversation) → the message; the provider's own part.
MessageMaker = Callable[[WireMessage, str, set[str]], Message]
#: Text the client put before a message of the model's input, None where there is none.
Instructions = Callable[[WireMessage], str | None]


def assemble(
    raw: bytes,
    found: Read,
    source_type: str,
    shape: str,
    make: MessageMaker,
    instructions: Instructions | None = None,
) -> ParsedConversation:
    """The record of a chat.

    Nodes beyond those of the file, each counted in `nodes_in`: `system` before the roots, for the system prompt and
    the files of the chat as a whole; `<id>:instructions` before a message with instructions its parent does not have;
    `<id>:merged` after a prompt whose answers were merged into one.
    Flags: `repeated_keys`, `listed_only` (a message stands in the flat list alone), `current_missing`.
    """
    flags = set(found.flags)
    nodes: list[Node] = []
    bad_nodes: list[BadNode] = []
    before: str | None = None
    aliases = _aliases(found.entries)
    chained = _is_chain(found.entries)
    given: dict[str, str | None] = {}
    for entry in found.entries:
        wire = entry.message
        if wire is None:
            bad_nodes.append(BadNode(entry.node_id, entry.reason or "", compact_json(entry.raw).encode()))
            continue
        if entry.listed:
            flags.add("listed_only")
        parent = before if chained else aliases.get(pointer := ident(wire.parentId) or "", pointer) or None
        before = entry.node_id
        if instructions is not None:
            given[entry.node_id] = instructions(wire)
        nodes.append(Node(entry.node_id, parent, make(wire, entry.node_id, flags) if bears(wire) else None))
    known = {node.node_id for node in nodes}
    if len(known) < len(nodes):
        flags.add("repeated_keys")
    current = _current(found.pointers, aliases, nodes, flags)
    of_file = len(nodes)
    nodes = _with_instructions(nodes, given)
    nodes += [node for entry in found.entries if (node := _merged(entry)) is not None]
    nodes = _with_system(nodes, known, found, flags)
    fields = found.fields
    return ParsedConversation(
        conversation_id=ident(fields.id) or anonymous_id(raw),
        shape=shape,
        source_type=source_type,
        nodes=nodes,
        nodes_in=len(found.entries) + len(nodes) - of_file,
        current=current,
        title=text_or_none(fields.title) or text_or_none(found.body.title),
        created_at=_time(fields.created_at, flags) or _time(found.body.timestamp, flags),
        updated_at=_time(fields.updated_at, flags),
        default_model=_default_model(found.body.models),
        project=ident(fields.project_id) or ident(fields.folder_id),
        flags=sorted(flags),
        bad_nodes=bad_nodes,
    )


def _aliases(entries: list[Entry]) -> dict[str, str]:
    """The own ids of messages whose key is another one; a key is never an alias."""
    keys = {entry.node_id for entry in entries}
    own = ((ident(entry.message.id), entry.node_id) for entry in entries if entry.message is not None)
    return {alias: key for alias, key in own if alias is not None and alias not in keys}


def _is_chain(entries: list[Entry]) -> bool:
    """A flat list without a single pointer: its order is the conversation."""
    return all(entry.listed and (entry.message is None or ident(entry.message.parentId) is None) for entry in entries)


def _current(pointers: list[str], aliases: dict[str, str], nodes: list[Node], flags: set[str]) -> str | None:
    """The first pointer that names a message; pointers to placeholders and to nothing are known to occur."""
    said = {node.node_id for node in nodes if node.message is not None}
    shown = next((key for pointer in pointers if (key := aliases.get(pointer, pointer)) in said), None)
    if shown is None and pointers:
        flags.add("current_missing")
    if shown is None and "listed_only" in flags:
        return nodes[-1].node_id
    return shown


def _with_instructions(nodes: list[Node], given: dict[str, str | None]) -> list[Node]:
    """The same nodes with a hidden system message before each whose instructions differ from its parent's."""
    arranged: list[Node] = []
    for node in nodes:
        text = given.get(node.node_id)
        if text is not None and text != given.get(node.parent_id or ""):
            name = f"{node.node_id}:instructions"
            arranged.append(Node(name, node.parent_id, _hidden([Block("text", text)], [])))
            node = node._replace(parent_id=name)
        arranged.append(node)
    return arranged


def _with_system(nodes: list[Node], known: set[str], found: Read, flags: set[str]) -> list[Node]:
    """The same nodes below a hidden system message, where the chat has a prompt or files of its own."""
    body = found.body
    params = body.params.get("system") if isinstance(body.params, dict) else None
    prompts = dict.fromkeys(text for value in (params, body.system) for text in texts_of(value)[0])
    blocks = [Block("text", text) for text in prompts]
    attachments: list[Attachment] = []
    attached = {own for entry in found.entries if entry.message is not None for own in file_ids(entry.message.files)}
    files = [item for item in _listed(body.files) if not (file_ids([item]) & attached)]
    blocks += file_blocks(files, attachments, flags)
    if not blocks:
        return nodes
    name = next(name for rank in range(len(known) + 1) if (name := f"system{rank or ''}") not in known)
    below = (node if node.parent_id is not None else node._replace(parent_id=name) for node in nodes)
    return [Node(name, None, _hidden(blocks, attachments)), *below]


def _hidden(blocks: list[Block], attachments: list[Attachment]) -> Message:
    return Message(role="system", author_kind="client_injected", blocks=blocks, visible=False, attachments=attachments)


def _merged(entry: Entry) -> Node | None:
    """The answer that a model made out of all answers to a prompt."""
    stated = entry.message.merged if entry.message is not None else None
    texts, _ = texts_of(stated)
    if not texts:
        return None
    blocks = [Block("text", text) for text in texts]
    return Node(f"{entry.node_id}:merged", entry.node_id, Message("assistant", "model", blocks, flags=["merged"]))


def _time(value: Any, flags: set[str]) -> int | None:
    """Seconds, milliseconds, microseconds or, in old dumps, nanoseconds."""
    if isinstance(value, int) and value > _NANOSECONDS:
        value //= 1_000
    return moment(value, flags)


def _default_model(models: Any) -> str | None:
    return next((name for name in _listed(models) if isinstance(name, str) and name), None)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
