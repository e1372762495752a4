"""HTML of an answer to text: paragraphs, lists, tables and code as Markdown writes them, links as `text (address)`.

In: HTML as a service cleaned it, or anything else. Out: text with everything that is shown, in order, and the images.
Always: damaged HTML costs its form at most, never its words.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import NamedTuple

#: Elements that begin and end a line of their own; those of _APART with an empty line around them.
_APART = frozenset(
    {"p", "blockquote", "pre", "table", "ul", "ol", "dl", "hr", "figure", "h1", "h2", "h3", "h4", "h5", "h6"}
)
_LINES = _APART | frozenset(
    {"div", "li", "tr", "dt", "dd", "section", "article", "header", "footer", "caption", "thead", "tbody", "details"}
)
_HEADINGS = {f"h{level}": "#" * level + " " for level in range(1, 7)}
_MARKS = {"b": "**", "strong": "**", "i": "*", "em": "*", "s": "~~", "del": "~~"}
_SILENT = frozenset({"script", "style", "template", "head"})
_LANGUAGE = re.compile(r"\blang(?:uage)?-([\w+#.-]+)")
_SPACES = re.compile(r"[ \t\r\f\v\xa0\n]+")
#: Stands for a line break until the line is written; no text holds it.
_BREAK = "\x00"
#: What cannot be a whole tag, and marked sections other than CDATA.
_NO_TAG = re.compile(r"<(?:(?![^<>]*>)|(?=!\[(?!CDATA\[)))")
#: Deeper lists are drawn at this depth: the indentation of a hostile one would grow with the square of its size.
_DEEPEST = 8


class Image(NamedTuple):
    """An image of the page: its address and what is written in its place; either may be empty."""

    address: str
    alt: str


class Rendered(NamedTuple):
    """The text of a piece of HTML and its images, in order."""

    text: str
    images: list[Image]


def html_to_text(html: str) -> Rendered:
    """The text and images of a piece of HTML."""
    writer = _Writer()
    writer.feed(whole_tags(html.replace(_BREAK, "")))
    writer.close()
    return writer.finished()


def whole_tags(html: str) -> str:
    """The same HTML without comments, and with every `<` that begins no whole tag written as `&lt;`.

    Python's parser takes time with the square of unfinished tags, and raises for marked sections it does not know.
    """
    kept: list[str] = []
    at = 0
    while (begin := html.find("<!--", at)) >= 0 and (end := html.find("-->", begin)) >= 0:
        kept.append(html[at:begin])
        at = end + len("-->")
    return _NO_TAG.sub("&lt;", "".join([*kept, html[at:]]))


class _Writer(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._lines: list[str] = []
        self._inline: list[str] = []
        self._apart = False
        self._lists: list[int | None] = []
        self._quotes = 0
        self._marker = ""
        self._heading = ""
        self._link: tuple[int, str] | None = None
        self._code: list[str] | None = None
        self._language = ""
        self._silent = 0
        self._images: list[Image] = []

    def finished(self) -> Rendered:
        if self._code is not None:
            self._close_code()
        self._close_link()
        self._flush()
        return Rendered("\n".join(self._lines).strip("\n"), self._images)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if self._code is not None:
            self._language = self._language or _language(given)
            if tag == "br":
                self._code.append("\n")
            return
        if tag in _LINES:
            self._flush()
            self._apart = self._apart or (tag in _APART and not self._lists)
        if tag in ("ul", "ol"):
            self._lists.append(_first_number(given) if tag == "ol" else None)
        elif tag == "li":
            self._begin_item()
        elif tag == "pre":
            self._code, self._language = [], _language(given)
        elif tag == "blockquote":
            self._quotes += 1
        elif tag in _HEADINGS:
            self._heading = _HEADINGS[tag]
        elif tag in ("td", "th"):
            self._inline.append(" | " if any(piece.strip() for piece in self._inline) else "")
        elif tag == "br":
            self._inline.append(_BREAK)
        elif tag == "hr":
            self._put("---")
            self._apart = True
        elif tag == "img":
            self._image(given)
        elif tag == "a":
            self._close_link()
            self._link = (len(self._inline), given.get("href") or "")
        elif tag == "code":
            self._inline.append("`")
        elif tag in _MARKS:
            self._inline.append(_MARKS[tag])
        elif tag in _SILENT:
            self._silent += 1

    def handle_endtag(self, tag: str) -> None:
        if self._code is not None:
            if tag == "pre":
                self._close_code()
            return
        if tag in _LINES:
            self._flush()
            ends_list = tag in ("ul", "ol") and len(self._lists) <= 1
            self._apart = self._apart or ends_list or (tag in _APART and not self._lists)
        if tag in ("ul", "ol") and self._lists:
            self._lists.pop()
        elif tag == "blockquote" and self._quotes:
            self._quotes -= 1
        elif tag == "a":
            self._close_link()
        elif tag == "code":
            self._inline.append("`")
        elif tag in _MARKS:
            self._inline.append(_MARKS[tag])
        elif tag in _SILENT and self._silent:
            self._silent -= 1

    def handle_data(self, data: str) -> None:
        if self._code is not None:
            self._code.append(data)
        elif not self._silent:
            self._inline.append(data)

    def unknown_decl(self, data: str) -> None:
        """A marked section, as pages that were meant to be XML have it: its words count."""
        self.handle_data(data.removeprefix("CDATA["))

    def _begin_item(self) -> None:
        number = self._lists[-1] if self._lists else None
        self._marker = "- " if number is None else f"{number}. "
        if number is not None:
            self._lists[-1] = number + 1

    def _close_link(self) -> None:
        if self._link is None:
            return
        begin, address = self._link
        self._link = None
        shown = _SPACES.sub(" ", "".join(self._inline[begin:])).strip()
        if not shown:
            self._inline.append(address)
        elif address and address != shown and not address.startswith("#"):
            self._inline.append(f" ({address})")

    def _image(self, given: dict[str, str | None]) -> None:
        image = Image(given.get("src") or given.get("data-src") or "", given.get("alt") or "")
        self._images.append(image)
        if image.alt:
            self._inline.append(image.alt)

    def _close_code(self) -> None:
        code = "".join(self._code or []).strip("\n")
        self._code = None
        if code.strip():
            fence = "```"
            while fence in code:
                fence += "`"
            self._put(f"{fence}{self._language}\n{code}\n{fence}")
        self._apart = not self._lists

    def _flush(self) -> None:
        text = "".join(self._inline)
        self._inline.clear()
        if self._link is not None:  # a link around several lines: its address follows the last
            self._link = (0, self._link[1])
        lines = [_SPACES.sub(" ", line).strip() for line in text.split(_BREAK)]
        text = "\n".join(lines).strip("\n")
        if text and text.strip("*`~| "):
            self._put(self._heading + text)
        self._heading = ""

    def _put(self, text: str) -> None:
        """Write a block of lines at the present depth of lists and quotes."""
        quote = "> " * min(self._quotes, _DEEPEST)
        if self._lines and self._apart:
            self._lines.append("")
        self._apart = False
        indent = "  " * (min(len(self._lists), _DEEPEST) - 1) if self._lists else ""
        hanging = indent + " " * len(self._marker) if self._marker else indent + ("  " if self._lists else "")
        first = indent + self._marker if self._marker else hanging
        self._marker = ""
        for rank, line in enumerate(text.split("\n")):
            self._lines.append(quote + (hanging if rank else first) + line if line else line)


def _language(given: dict[str, str | None]) -> str:
    match = _LANGUAGE.search(given.get("class") or "")
    return match[1] if match else given.get("data-language") or ""


def _first_number(given: dict[str, str | None]) -> int:
    start = given.get("start") or ""
    return int(start) if start.isascii() and start.isdigit() and len(start) < 10 else 1
