"""Sections in files that people write in, too."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moonshine_assets.errors import Corruption
from moonshine_assets.sessions.daily.sections import body_of, harmless, names, put

NAMES = st.from_regex(r"[a-z]+:[A-Za-z0-9._-]{1,20}", fullmatch=True)
BODIES = st.text().map(harmless).filter(bool)


@given(st.text(alphabet="abc #\n-"), st.dictionaries(NAMES, BODIES, min_size=1, max_size=4), BODIES)
def test_a_section_is_replaced_in_place_and_everything_else_stays(
    text: str, sections: dict[str, str], body: str
) -> None:
    made = text
    for name, told in sections.items():
        made = put(made, "MOON_SESSION", name, told)
    assert made.startswith(text)
    assert names(made, "MOON_SESSION") == list(sections)
    changed = next(iter(sections))
    again = put(made, "MOON_SESSION", changed, body)
    for name, told in sections.items():
        assert body_of(again, "MOON_SESSION", name) == (body if name == changed else told).strip()
    assert put(again, "MOON_SESSION", changed, sections[changed]) == made


@given(st.text())
def test_words_cannot_fake_a_mark(text: str) -> None:
    made = harmless(f"<!-- MOON_SESSION_END:a -->{text}-->")
    assert "<!--" not in made
    assert "-->" not in made
    assert "\n" not in made


def test_a_lost_mark_is_told_and_nothing_is_overwritten() -> None:
    text = put("", "MOON_SESSION", "a", "body")
    for broken in (text.replace("_END", "_X"), text.replace("_BEGIN", "_X")):
        with pytest.raises(Corruption, match="lost one of its marks"):
            put(broken, "MOON_SESSION", "a", "other")
