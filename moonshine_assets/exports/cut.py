"""What must leave an export so that some of its conversations are gone, and everything else reads as before."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

from moonshine_assets.errors import BadInput
from moonshine_assets.exports.container import Container
from moonshine_assets.exports.cut_json import Hit, line_ranges, map_entries, named_ranges, names_in, with_separators
from moonshine_assets.exports.forgotten import Forgotten
from moonshine_assets.exports.found import Found, found_in
from moonshine_assets.exports.records import ExportContext, LogConversation, ParsedConversation
from moonshine_assets.exports.split import Span, mapped, split
from moonshine_assets.exports.sqlite_copy import is_sqlite
from moonshine_assets.exports.unzstd import is_zstd

#: A wrapper that is whole without any of its conversations.
_EMPTY_IS_WHOLE = frozenset({"array", "conversations", "map", "html"})
#: Sidecars of another form than JSON, JSON lines and pages are pictures, sounds and documents: they have no ids inside.
_TEXT = (".json", ".jsonl", ".html", ".htm", ".ndjson")


@dataclass
class MemberCut:
    """What goes of one file of an export.

    Args:
        path: where its bytes are.
        dropped: the byte ranges that go, sorted.
        conversations: how many conversations that is.
        removed: all of it goes, with its name.
    """

    path: Path
    dropped: list[Span] = field(default_factory=list)
    conversations: int = 0
    removed: bool = False


@dataclass
class Cut:
    """What goes of an export: files by name, ids of the conversations, how many conversations stay."""

    members: dict[str, MemberCut] = field(default_factory=dict)
    conversations: set[str] = field(default_factory=set)
    kept: int = 0

    def __bool__(self) -> bool:
        return bool(self.members)


class _Names:
    """Names that go along with the conversations: ids of messages and files that nothing else refers to."""

    def __init__(self) -> None:
        self.messages: set[str] = set()
        self._files: set[str] = set()
        self._kept_files: set[str] = set()

    def of(self, parsed: ParsedConversation, *, goes: bool) -> None:
        files = self._files if goes else self._kept_files
        for node in parsed.nodes:
            if goes and len(node.node_id) >= 8:  # `1` is the name of many things
                self.messages.add(node.node_id)
            if node.message is not None:
                files.update(file.member for file in node.message.attachments if file.member)

    @property
    def files(self) -> set[str]:
        return self._files - self._kept_files


def find_cut(adapter: ModuleType, container: Container, members: list[str], work: Path, forgotten: Forgotten) -> Cut:
    """What goes of an export.

    A conversation that could not be read goes where it names a forgotten one. Ratings, lists of shared chats and other
    entries beside the conversations go with them, and so do their files.

    Args:
        adapter: the provider's module.
        container: the opened export.
        members: its conversation files.
        work: scratch folder, must live as long as the paths of the cut are used.
        forgotten: decides.

    Raises:
        BadInput: a conversation stands in a file that cannot be cut.
    """
    cut, names = Cut(), _Names()
    if hasattr(adapter, "conversations"):
        _cut_log(adapter, container, members, work, forgotten, cut, names)
    else:
        context: ExportContext = (
            adapter.context(container.read, container.sizes) if hasattr(adapter, "context") else ExportContext()
        )
        for name in members:
            _cut_member(adapter, container, name, work, forgotten, context, cut, names)
        taken = set(members)
        for name in (name for name in container.sizes if name not in taken):
            if name.lower().endswith((".html", ".htm")):
                _cut_page(adapter, container, name, work, forgotten, context, cut)
    _cut_sidecars(container, members, work, forgotten, cut, names)
    return cut


def _cut_member(
    adapter: ModuleType,
    container: Container,
    name: str,
    work: Path,
    forgotten: Forgotten,
    context: ExportContext,
    cut: Cut,
    names: _Names,
) -> None:
    path = container.on_disk(name, work)
    with mapped(path) as view:
        others = cut.kept
        spans, found = found_in(adapter, name, path, view, context)
        gone = _gone(found, forgotten, cut, names)
        if not gone:
            return
        others = cut.kept - others
        member = MemberCut(path, conversations=len(gone))
        wrapper = spans.wrapper if spans is not None else ""
        if not others and (wrapper not in _EMPTY_IS_WHOLE or any(one in name for one in cut.conversations)):
            member.removed = True
        else:
            member.dropped = _ranges(view, wrapper, gone)
    cut.members[name] = member


def _gone(found: Iterator[Found], forgotten: Forgotten, cut: Cut, names: _Names) -> list[Span]:
    gone = []
    for one in found:
        element = one.element
        if one.parsed is not None:
            goes = forgotten.takes(one.parsed)
            names.of(one.parsed, goes=goes)
            if goes:
                cut.conversations.add(one.parsed.conversation_id)
        else:
            goes = any(forgotten.has(name) for name in names_in(element.data))
        if goes:
            gone.append(Span(element.start, element.end))
        else:
            cut.kept += 1
    return gone


def _ranges(view: memoryview, wrapper: str, gone: list[Span]) -> list[Span]:
    if wrapper == "map":
        gone = map_entries(view, gone)
    is_json = bytes(view[:64]).lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"[", b"{")
    return with_separators(view, gone) if is_json or wrapper == "html" else sorted(gone)


def _cut_page(
    adapter: ModuleType,
    container: Container,
    name: str,
    work: Path,
    forgotten: Forgotten,
    context: ExportContext,
    cut: Cut,
) -> None:
    """A page beside the conversations that holds them once more."""
    path = container.on_disk(name, work)
    with mapped(path) as view:
        try:
            spans = split(path, view, name)
        except BadInput:
            return  # a page without them
        if spans.wrapper != "html":
            return
        twice = Cut()
        _, found = found_in(adapter, name, path, view, context)
        gone = _gone(found, forgotten, twice, _Names())
        if gone:
            cut.members[name] = MemberCut(path, _ranges(view, spans.wrapper, gone))


def _cut_log(
    adapter: ModuleType,
    container: Container,
    members: list[str],
    work: Path,
    forgotten: Forgotten,
    cut: Cut,
    names: _Names,
) -> None:
    pieces: dict[str, list[bytes]] = {}
    counts: dict[str, int] = {}
    shared: set[str] = set()
    for one in adapter.conversations(container.read_whole, members):
        if not _goes(one, forgotten):
            cut.kept += 1
            shared.update(one.members)
            if one.parsed is not None:
                names.of(one.parsed, goes=False)
            continue
        if one.parsed is not None:
            cut.conversations.add(one.parsed.conversation_id)
            names.of(one.parsed, goes=True)
        first = next(iter(one.members))
        counts[first] = counts.get(first, 0) + 1
        for name in one.members:
            pieces.setdefault(name, []).append(bytes(one.data))
    for name, gone in pieces.items():
        member = MemberCut(container.on_disk(name, work), conversations=counts.get(name, 0))
        if name in shared:
            member.dropped = _lines(container, name, gone, len(pieces) == 1)
        else:
            member.removed = True
        cut.members[name] = member


def _goes(one: LogConversation, forgotten: Forgotten) -> bool:
    if one.parsed is not None:
        return forgotten.takes(one.parsed)
    return any(forgotten.has(name) for name in names_in(one.data))


def _lines(container: Container, name: str, gone: list[bytes], alone: bool) -> list[Span]:
    data = container.read_whole(name) or b""
    if is_sqlite(data) or is_zstd(data):
        raise _uncuttable(name)
    found, missing = line_ranges(data, gone)
    if not found or (missing and alone):
        raise _uncuttable(name)
    return found


def _cut_sidecars(
    container: Container, members: list[str], work: Path, forgotten: Forgotten, cut: Cut, names: _Names
) -> None:
    """Files without conversations: those named for one that goes or attached to one, and entries that name one."""
    files = names.files
    bases = {name.rpartition("/")[2] for name in files}
    ids = cut.conversations | forgotten.named
    hit = Hit(lambda name: name in names.messages or name in bases or name in files or forgotten.has(name))
    taken = {*members, *cut.members}
    for name in (name for name in (*container.sizes, *container.clutter) if name not in taken):
        if name in files or any(one in name for one in ids):
            cut.members[name] = MemberCut(container.path, removed=True)
            continue
        if name in container.clutter or not name.lower().endswith(_TEXT):
            continue
        path = container.on_disk(name, work)
        with mapped(path) as view:
            dropped = _entries(name, view, hit)
        if dropped:
            cut.members[name] = MemberCut(path, dropped)


def _entries(name: str, view: memoryview, hit: Hit) -> list[Span]:
    if not hit.inside(view):
        return []
    try:
        found = named_ranges(name, view, hit)
    except BadInput:
        found = []
    # Not one JSON value, or one a line.
    return found or line_ranges(bytes(view), (), hit)[0]


def _uncuttable(name: str) -> BadInput:
    return BadInput(
        "a conversation that is to go stands in this file together with others, and the file cannot be cut",
        where=name,
        fix="forget the others of the file too (`moonshine forget --run RUN_ID` names all of a run), or take the run"
        " away with its archive",
    )
