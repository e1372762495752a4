"""HTML to text: what is shown stays, in order and in the form Markdown gives it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moonshine_assets.exports.html_text import html_to_text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>a</p><p>b</p>", "a\n\nb"),
        ("a<br>b<br/>c", "a\nb\nc"),
        ("  a \n  b\t c ", "a b c"),
        ("<div>a</div><div>b</div>", "a\nb"),
        ("<b>a</b> <em>b</em> <del>c</del>", "**a** *b* ~~c~~"),
        ("<h2>T</h2>x", "## T\n\nx"),
        ("<ul><li>a</li><li>b<ul><li>c</li></ul></li></ul>d", "- a\n- b\n  - c\n\nd"),
        ("<ol start=3><li>a<li>b</ol>", "3. a\n4. b"),
        ("<ul><li><p>a</p></li><li>b<br>c</li></ul>", "- a\n- b\n  c"),
        ("<blockquote><p>a</p>b</blockquote>", "> a\n\n> b"),
        ("<table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td></td></tr></table>", "a | b\n1 |"),
        ("<p>use <code>x_y</code>:</p><pre><code>a  =  1\n\nb</code></pre>", "use `x_y`:\n\n```\na  =  1\n\nb\n```"),
        ('<pre><code class="language-py">````</code></pre>', "`````py\n````\n`````"),
        ('<a href="https://e.example">t</a>', "t (https://e.example)"),
        ('<a href="https://e.example">https://e.example</a>', "https://e.example"),
        ('<a href="https://e.example"></a>', "https://e.example"),
        ('<a href="https://e.example"><div>t</div></a>', "t\nhttps://e.example"),
        ("&lt;b&gt; &amp; &#233; &nbsp;x", "<b> & é x"),
        ("<script>a()</script><style>b</style>c", "c"),
        ("a<hr>b", "a\n\n---\n\nb"),
        ("a <![if x]> <![CDATA[b]]> c", "a <![if x]> b c"),
        ("unclosed <b>a <p>b", "unclosed **a\n\nb"),
        ("a</p></div></ul></blockquote>b", "a\n\nb"),
        ("", ""),
    ],
)
def test_what_is_shown_is_kept_in_its_form(html: str, text: str) -> None:
    assert html_to_text(html).text == text


def test_images_are_listed_with_what_stands_in_their_place() -> None:
    rendered = html_to_text('a<img src="x.png" alt="a wren"><img data-src="y.png">')
    assert [tuple(image) for image in rendered.images] == [("x.png", "a wren"), ("y.png", "")]
    assert rendered.text == "aa wren"


@pytest.mark.parametrize("piece", ["<a ", "<b", "<!--", "<![CDATA[", "<", "<a href='", "<table><tr>", "<a href=x><p>"])
def test_what_is_never_finished_costs_no_more_than_its_length(piece: str) -> None:
    assert "last" in html_to_text(piece * 20_000 + ">last").text


def test_comments_are_not_shown() -> None:
    assert html_to_text("a<!-- <p>b</p> --><!---->c<!-- d").text == "ac<!-- d"


def test_deep_nesting_costs_no_more_than_its_words() -> None:
    assert len(html_to_text("<ul><li>" * 20_000 + "x").text) < 100
    assert html_to_text("<blockquote>" * 20_000 + "x").text.endswith("x")


PIECES = [
    "<p>",
    "</p>",
    "<li>",
    "<ul>",
    "</ul>",
    "<pre>",
    "</pre>",
    "<a href=x>",
    "</a>",
    "<![",
    "<!-",
    "<",
    "&",
    "\x00",
]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(PIECES) | st.text("abc \n", max_size=5), max_size=20))
def test_anything_is_read_and_no_word_is_lost(pieces: list[str]) -> None:
    text = html_to_text("<p>".join(["first", "".join(pieces), "last"])).text
    assert "first" in text
    if not {"<![", "<!-", "<", "&"}.intersection(pieces):
        words = "".join(piece for piece in pieces if piece not in PIECES)
        assert [letter for letter in text if letter in "bc"] == [letter for letter in words if letter in "bc"]
