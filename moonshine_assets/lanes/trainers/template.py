"""Chat templates, rendered as transformers renders them: a sandbox, its filters, and `{% generation %}` marks."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from jinja2 import TemplateError, nodes
from jinja2.exceptions import TemplateRuntimeError
from jinja2.ext import Extension, loopcontrols
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

from moonshine_assets.errors import BadInput
from moonshine_assets.lanes.trainers.form import Arguments, Message
from moonshine_resources import clock

_OURS = Path(__file__).with_name("templates")
#: Ours by the form of arguments they take.
_BUNDLED: dict[Arguments, tuple[str, ...]] = {"dict": ("chatml", "parameters"), "string": ("text_arguments",)}
#: Private-use characters around what a template marks as generated; they are taken out again.
_OPEN, _CLOSE = "\uf8f0", "\uf8f1"
#: A template is a page of text; more is no template.
_MAXIMUM_CHARACTERS = 1 << 20


class Refused(Exception):
    """The template does not take this conversation; the argument is what it says, without any text of the row."""


class Rendered(NamedTuple):
    """What a template makes of a conversation, and which parts it marks as generated (none: it has no marks)."""

    text: str
    generated: tuple[tuple[int, int], ...]


class Template(NamedTuple):
    """A compiled template: where it is from, and whether it marks what is generated."""

    name: str
    render: Callable[[list[Message], list[Any] | None, bool], Rendered]
    marks: bool


class _Generation(Extension):
    """`{% generation %}…{% endgeneration %}`: what is between them is the model's."""

    tags = {"generation"}  # noqa: RUF012 - as the base class declares it

    def parse(self, parser: Parser) -> nodes.Node:
        line = next(parser.stream).lineno
        body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
        return nodes.CallBlock(self.call_method("_marked"), [], [], body).set_lineno(line)

    @staticmethod
    def _marked(caller: Callable[[], str]) -> str:
        return f"{_OPEN}{caller()}{_CLOSE}"


def _environment() -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols, _Generation]
    )
    environment.filters["tojson"] = _to_json
    environment.globals["raise_exception"] = _raise
    environment.globals["strftime_now"] = lambda form: clock.now().strftime(form)
    return environment


def _to_json(
    value: Any,
    ensure_ascii: bool = False,
    indent: int | None = None,
    separators: tuple[str, str] | None = None,
    sort_keys: bool = False,
) -> str:
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


def _raise(message: str) -> NoReturn:
    raise TemplateRuntimeError(message)


def compiled(name: str, source: str, variables: dict[str, Any] | None = None) -> Template:
    """A template ready to render.

    Args:
        name: told in reports.
        source: its Jinja text.
        variables: special tokens and the like, beside messages and tools.

    Raises:
        BadInput: it is no Jinja template.
    """
    if len(source) > _MAXIMUM_CHARACTERS:
        raise BadInput(
            "that is too long for a chat template", where=name, fix="give a .jinja file or tokenizer_config.json"
        )
    try:
        template = _environment().from_string(source)
    except TemplateError as error:
        raise BadInput(f"no Jinja template: {error}", where=name, fix="give the template a tokenizer has") from error
    given = {"bos_token": "", "eos_token": "", "unk_token": "", "pad_token": "", **(variables or {})}

    def render(messages: list[Message], tools: list[Any] | None, generation_prompt: bool) -> Rendered:
        try:
            text = template.render(
                messages=messages, tools=tools, documents=None, add_generation_prompt=generation_prompt, **given
            )
        except (TemplateError, TypeError, ValueError, KeyError, AttributeError, OverflowError) as error:
            # A template's own words may quote the conversation; its kind of error does not.
            raise Refused(type(error).__name__) from error
        return _unmarked(text)

    return Template(name, render, "endgeneration" in source)


def _unmarked(text: str) -> Rendered:
    parts: list[str] = []
    spans: list[tuple[int, int]] = []
    at = 0
    for rank, piece in enumerate(text.split(_OPEN)):
        inside, closed, after = piece.partition(_CLOSE) if rank else ("", "", piece)
        if closed:
            spans.append((at, at + len(inside)))
        parts += [inside, after]
        at += len(inside) + len(after)
    return Rendered("".join(parts), tuple(spans))


def bundled(arguments: Arguments) -> list[Template]:
    """Moonshine's own templates that take arguments in this form."""
    return [compiled(name, (_OURS / f"{name}.jinja").read_text("utf-8")) for name in _BUNDLED[arguments]]


def installed() -> list[Template]:
    """The templates of the TRL in this environment, those it trains with; none where it is not installed."""
    found = importlib.util.find_spec("trl")
    if found is None or found.origin is None:
        return []
    folder = Path(found.origin).parent / "chat_templates"
    return [compiled(f"trl/{path.stem}", path.read_text("utf-8")) for path in sorted(folder.glob("*_training.jinja"))]


def from_file(path: Path) -> list[Template]:
    """The template of a .jinja file, or every one in a tokenizer_config.json with its special tokens.

    Raises:
        BadInput: it cannot be read or holds no template.
    """
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput("the template cannot be read", where=str(path), fix="check its path and encoding") from error
    if path.suffix != ".json":
        return [compiled(path.name, text)]
    try:
        config = json.loads(text)
    except ValueError as error:
        raise BadInput("no JSON", where=str(path), fix="give a tokenizer_config.json or a .jinja file") from error
    source = config.get("chat_template") if isinstance(config, dict) else None
    named = source if isinstance(source, list) else [{"name": "", "template": source}]
    found = [
        compiled(f"{path.name}:{one['name']}".rstrip(":"), one["template"], _special_tokens(config))
        for one in named
        if isinstance(one, dict) and isinstance(one.get("template"), str) and isinstance(one.get("name"), str)
    ]
    if not found:
        raise BadInput(
            "there is no chat_template in it",
            where=str(path),
            fix="newer tokenizers keep it in chat_template.jinja beside it",
        )
    return found


def _special_tokens(config: dict[str, Any]) -> dict[str, str]:
    tokens = {}
    for name, value in config.items():
        content = value.get("content") if isinstance(value, dict) else value
        if name.endswith("_token") and isinstance(content, str):
            tokens[name] = content
    return tokens
