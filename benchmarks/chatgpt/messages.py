"""Turns the nodes of a conversation tree into message objects with the keys of the exports of 2024 and 2025."""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from benchmarks.chatgpt import metadata as meta
from benchmarks.chatgpt.metadata import Json
from benchmarks.chatgpt.prose import Topic, Writer
from benchmarks.chatgpt.tree import Node, new_id

SHORT_REPLIES = ["continue", "thanks!", "yes please", "why?", "👍", "go on", "shorter", "in German please"]
REPEATED_SHARE = 0.03


@dataclass(frozen=True)
class Wanted:
    """How much the next message is to weigh, so that the whole file keeps its proportions.

    text_factor: multiplies the natural text length of each kind; 1 = natural.
    reference_bytes: JSON bytes of search results, citations or kernel output, where the kind carries any.
    """

    text_factor: float
    reference_bytes: int
    slim: bool = False


@dataclass
class _Draft:
    content: Json
    chars: int
    metadata: Json | None = None
    role: str = "assistant"
    name: str | None = None
    recipient: str = "all"
    hidden: bool = False
    end_turn: bool | None = None


@dataclass
class Renderer:
    """Renders the nodes of one conversation in order; keeps its clock and what the last tool call said."""

    rng: Random
    writer: Writer
    topic: Topic
    generation: int
    clock: float
    asked_before: list[str]
    model: str = field(init=False)
    last_code: str = ""

    def __post_init__(self) -> None:
        self.model = self.rng.choice(meta.MODELS[self.generation])

    def render(self, node: Node, wanted: Wanted) -> tuple[Json, int]:
        """The `mapping` entry of a node and the number of characters of text in it."""
        if node.kind == "root":
            return {"id": node.id, "message": None, "parent": None, "children": node.children}, 0
        draft = RENDERERS[node.kind](self, node, wanted)
        self.clock += self.rng.expovariate(1 / 25)
        metadata = draft.metadata if draft.metadata is not None else self._plain_metadata(draft, node, wanted)
        if draft.hidden:
            metadata["is_visually_hidden_from_conversation"] = True
        message: Json = {
            "id": node.id,
            "author": {"role": draft.role, "name": draft.name, "metadata": {}},
            "create_time": None if draft.role == "system" else round(self.clock, 6),
            "update_time": None,
            "content": draft.content,
            "status": "finished_successfully",
            "end_turn": draft.end_turn,
            "weight": 0.0 if draft.role == "system" or node.replaced else 1.0,
            "metadata": metadata,
            "recipient": draft.recipient,
            "channel": None,
        }
        return {
            "id": node.id,
            "message": message,
            "parent": node.parent,
            "children": node.children,
        }, draft.chars

    def _plain_metadata(self, draft: _Draft, node: Node, wanted: Wanted) -> Json:
        if wanted.slim:
            return {"model_slug": self.model if draft.role == "assistant" else None, "timestamp_": "absolute"}
        if draft.role == "assistant":
            return meta.assistant_metadata(self.rng, self.generation, node.parent, self.model)
        return meta.user_metadata(self.rng, self.generation, [])

    def _length(self, natural: float, wanted: Wanted) -> int:
        """A length from a skewed distribution whose mean is `natural` x text_factor characters."""
        return int(natural * wanted.text_factor * self.rng.lognormvariate(-0.32, 0.8)) + 12

    def _pages(self, wanted: Wanted, share: float) -> list[Json]:
        count = max(1, int(wanted.reference_bytes * share / meta.ENTRY_BYTES))
        return [meta.page(self.rng, self.writer, self.topic) for _ in range(count)]


def _parts(*parts: str) -> Json:
    return {"content_type": "text", "parts": list(parts)}


def _system(_: Renderer, __: Node, ___: Wanted) -> _Draft:
    return _Draft(_parts(""), 0, role="system", hidden=True, end_turn=True, metadata={})


def _context(self: Renderer, _: Node, __: Wanted) -> _Draft:
    profile = f"The user provided the following information about themselves:\n```{self.topic.phrases[0]}```"
    content = {
        "content_type": "user_editable_context",
        "user_profile": profile,
        "user_instructions": "Answer briefly, with sources where there are any.",
    }
    return _Draft(content, 0, role="user", hidden=True, metadata={"is_user_system_message": True})


def _question(self: Renderer, wanted: Wanted) -> str:
    rng = self.rng
    if not wanted.slim and rng.random() < REPEATED_SHARE:
        return rng.choice(SHORT_REPLIES + self.asked_before)
    pasted = not wanted.slim and rng.random() < 0.04
    chars = self._length(12_000 if pasted else (100 if wanted.slim else 700), wanted)
    text = (self.writer.code if pasted and rng.random() < 0.5 else self.writer.text)(rng, self.topic, chars)
    if len(self.asked_before) < 40:
        self.asked_before.append(text[:400])
    return text


def _user(self: Renderer, _: Node, wanted: Wanted) -> _Draft:
    text = _question(self, wanted)
    return _Draft(_parts(text), len(text), role="user")


def _file_user(self: Renderer, _: Node, wanted: Wanted) -> _Draft:
    rng, text = self.rng, _question(self, wanted)
    upload = {
        "id": f"file-{rng.getrandbits(100):x}",
        "name": f"{rng.choice(self.topic.names)}.csv",
        "mime_type": "text/csv",
        "size": rng.randrange(500, 5_000_000),
        "file_token_size": rng.randrange(100, 90_000),
    }
    return _Draft(_parts(text), len(text), meta.user_metadata(rng, self.generation, [upload]), role="user")


def _picture(rng: Random, generation: int, dalle: Json | None) -> Json:
    pointer = f"sediment://file_{rng.getrandbits(128):032x}"
    return {
        "content_type": "image_asset_pointer",
        "asset_pointer": pointer if generation == 2025 else f"file-service://file-{rng.getrandbits(110):x}",
        "size_bytes": rng.randrange(20_000, 3_000_000),
        "width": 1024,
        "height": rng.choice([768, 1024, 1536]),
        "fovea": None,
        "metadata": {"dalle": dalle, "sanitized": True},
    }


def _image_user(self: Renderer, _: Node, wanted: Wanted) -> _Draft:
    rng, text = self.rng, _question(self, wanted)
    pictures = [_picture(rng, self.generation, None) for _ in range(rng.randrange(1, 4))]
    uploads = [
        {
            "id": picture["asset_pointer"].rpartition("/")[2],
            "name": f"IMG_{rng.randrange(10_000):04d}.jpeg",
            "mime_type": "image/jpeg",
            "size": picture["size_bytes"],
            "width": picture["width"],
            "height": picture["height"],
        }
        for picture in pictures
    ]
    content = {"content_type": "multimodal_text", "parts": [*pictures, text]}
    return _Draft(content, len(text), meta.user_metadata(rng, self.generation, uploads), role="user")


def _answer(self: Renderer, _: Node, wanted: Wanted) -> _Draft:
    chars = self._length(200 if wanted.slim else 3600, wanted)
    make = self.writer.text if wanted.slim else self.writer.markdown
    text = make(self.rng, self.topic, chars)
    return _Draft(_parts(text), len(text), end_turn=True)


def _cited_answer(self: Renderer, node: Node, wanted: Wanted) -> _Draft:
    pages = self._pages(wanted, 0.36)
    text = self.writer.markdown(self.rng, self.topic, self._length(3600, wanted))
    text, references, citations = meta.cited(text, self.rng, pages, self.generation)
    metadata = meta.assistant_metadata(self.rng, self.generation, node.parent, self.model)
    metadata |= {"citations": citations, "content_references": references}
    if self.generation == 2025:
        metadata["search_result_groups"] = meta.search_groups(self.rng, pages)
        metadata["safe_urls"] = [page["url"] for page in pages]
    return _Draft(_parts(text), len(text), metadata, end_turn=True)


def _search_call(self: Renderer, _: Node, __: Wanted) -> _Draft:
    query = self.rng.choice(self.topic.phrases)
    modern = self.generation == 2025
    text = f'{{"search_query":[{{"q":"{query}"}}]}}' if modern else f'search("{query}")'
    content = {
        "content_type": "code",
        "language": "json" if modern else "unknown",
        "response_format_name": None,
        "text": text,
    }
    return _Draft(content, len(text), recipient="web.run" if modern else "browser", end_turn=False)


def _search_result(self: Renderer, _: Node, wanted: Wanted) -> _Draft:
    pages = self._pages(wanted, 0.6)
    listing = "\n".join(
        f"# 【{i}†{page['title']}†{page['attribution']}】\n{page['snippet']}" for i, page in enumerate(pages)
    )
    content = {
        "content_type": "tether_browsing_display",
        "result": listing,
        "summary": None,
        "assets": None,
        "tether_id": None,
    }
    found = [{"type": "webpage", "title": p["title"], "url": p["url"], "text": p["snippet"]} for p in pages]
    metadata = {
        **meta.assistant_metadata(self.rng, self.generation, None, self.model),
        "command": "search",
        "_cite_metadata": {"citation_format": {"name": "tether_og"}, "metadata_list": found},
    }
    name = "web.run" if self.generation == 2025 else "browser"
    return _Draft(content, 0, metadata, role="tool", name=name, hidden=True)


def _python_call(self: Renderer, _: Node, wanted: Wanted) -> _Draft:
    text = self.last_code = self.writer.code(self.rng, self.topic, self._length(1800, wanted))
    content = {"content_type": "code", "language": "unknown", "response_format_name": None, "text": text}
    return _Draft(content, len(text), recipient="python", end_turn=False)


def _python_result(self: Renderer, _: Node, wanted: Wanted) -> _Draft:
    rng = self.rng
    output = "\n".join(
        f"{row:>5} {rng.choice(self.topic.names):<24} {rng.random() * 1e4:>12.4f} {rng.randrange(10**6):>8}"
        for row in range(1 + self._length(1500, wanted) // 52)
    )
    fill = "".join(f"<tr><td>{i}</td><td>{rng.random():.6f}</td></tr>" for i in range(wanted.reference_bytes // 80))
    metadata = {
        **meta.user_metadata(rng, self.generation, []),
        "aggregate_result": meta.aggregate_result(rng, self.last_code, output, fill),
        "model_slug": self.model,
        "parent_id": None,
    }
    content = {"content_type": "execution_output", "text": output}
    return _Draft(content, len(output), metadata, role="tool", name="python")


def _thoughts(self: Renderer, node: Node, wanted: Wanted) -> _Draft:
    rng = self.rng
    thoughts: list[Json] = [
        {
            "summary": rng.choice(self.topic.phrases).capitalize(),
            "content": self.writer.text(rng, self.topic, self._length(600, wanted)),
            "chunks": [],
            "finished": True,
        }
        for _ in range(rng.randrange(1, 6))
    ]
    content = {"content_type": "thoughts", "thoughts": thoughts, "source_analysis_msg_id": node.parent}
    chars = sum(len(thought["summary"]) + len(thought["content"]) for thought in thoughts)
    return _Draft(content, chars, end_turn=False)


def _recap(self: Renderer, _: Node, __: Wanted) -> _Draft:
    seconds = self.rng.randrange(2, 400)
    text = f"Thought for {seconds}s" if seconds < 60 else f"Thought for {seconds // 60}m {seconds % 60}s"
    return _Draft({"content_type": "reasoning_recap", "content": text}, 0, end_turn=False)


def _image_call(self: Renderer, _: Node, __: Wanted) -> _Draft:
    text = f'{{"prompt":"{self.rng.choice(self.topic.phrases)}","size":"1024x1024","n":1}}'
    return _Draft(_parts(text), len(text), recipient="dalle.text2im", end_turn=False)


def _image_result(self: Renderer, _: Node, __: Wanted) -> _Draft:
    rng = self.rng
    dalle = {"gen_id": new_id(rng), "prompt": rng.choice(self.topic.phrases), "seed": rng.getrandbits(32)}
    content = {"content_type": "multimodal_text", "parts": [_picture(rng, self.generation, dalle)]}
    return _Draft(content, 0, role="tool", name="dalle.text2im")


def _canvas_call(self: Renderer, _: Node, wanted: Wanted) -> _Draft:
    body = self.writer.text(self.rng, self.topic, self._length(2500, wanted)).replace('"', "'")
    body = body.replace("\n", "\\n")
    text = f'{{"name":"{self.topic.names[0]}","type":"document","content":"{body}"}}'
    return _Draft(_parts(text), len(text), recipient="canmore.create_textdoc", end_turn=False)


def _canvas_result(self: Renderer, _: Node, __: Wanted) -> _Draft:
    textdoc = f"{self.rng.getrandbits(128):032x}"
    text = f"Successfully created text document with ID '{textdoc}'"
    metadata = meta.user_metadata(self.rng, self.generation, [])
    metadata["canvas"] = {"textdoc_id": textdoc, "textdoc_type": "document", "version": 1, "title": "Draft"}
    return _Draft(_parts(text), len(text), metadata, role="tool", name="canmore.create_textdoc")


def _memory_call(self: Renderer, _: Node, __: Wanted) -> _Draft:
    text = f"The user works on {self.rng.choice(self.topic.phrases)}."
    return _Draft(_parts(text), len(text), recipient="bio", end_turn=False)


def _memory_result(_: Renderer, __: Node, ___: Wanted) -> _Draft:
    text = "Model set context updated."
    return _Draft(_parts(text), len(text), role="tool", name="bio")


RENDERERS: dict[str, Callable[[Renderer, Node, Wanted], _Draft]] = {
    "system": _system,
    "context": _context,
    "user": _user,
    "file_user": _file_user,
    "image_user": _image_user,
    "answer": _answer,
    "cited_answer": _cited_answer,
    "search_call": _search_call,
    "search_result": _search_result,
    "python_call": _python_call,
    "python_result": _python_result,
    "thoughts": _thoughts,
    "recap": _recap,
    "image_call": _image_call,
    "image_result": _image_result,
    "canvas_call": _canvas_call,
    "canvas_result": _canvas_result,
    "memory_call": _memory_call,
    "memory_result": _memory_result,
}
