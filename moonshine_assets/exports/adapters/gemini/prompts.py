"""The title of an activity record: what the person typed stands in it after a verb in the language of the account.

Verbs were taken from real exports in English, German and Japanese; other languages are told by their having an answer.
"""

from __future__ import annotations

import re
from typing import NamedTuple

#: Verbs before a prompt, the longer ones first.
_PROMPT = re.compile(
    r"(?:Prompted with|Asked Gemini|Asked Bard|Prompted|Asked|Said|Answered|Branched"
    r"|Eingegebener Prompt|Gestellte Frage|入力)(?:\s*[:：]\s*|\s+)"
)
#: Verbs of what is no prompt: feedback, settings, documents and pictures that were made.
_ACTIVITY = re.compile(
    r"(?:Gave|Used|Created|Added|Selected|Shared|Deleted|Viewed|Visited|Searched|Edited|Pinned|Renamed|Exported"
    r"|Updated|Saved|Verwendet|Erstellt|Hinzugefügt|Feedback gegeben|Verwendete)\b"
)
#: What the page adds behind a prompt with files.
_ATTACHED = re.compile(r"\s*(?:Attached \d+ files?|\d+ Dateien? angehängt)\.?\s*\Z", re.IGNORECASE)
_LONGEST_ADDITION = 200


class Title(NamedTuple):
    """`kind`: prompt, activity or unknown. `text` is the prompt alone, else the whole title; `rest` what was cut."""

    kind: str
    text: str
    rest: str


def read_title(title: str) -> Title:
    """Tell the prompt from the words the site puts around it."""
    shown = title.replace("\xa0", " ").lstrip()
    verb = _PROMPT.match(shown)
    if verb is None:
        return Title("activity" if _ACTIVITY.match(shown) else "unknown", title.strip(), "")
    said = shown[verb.end() :].rstrip()
    # Only the end is looked at: a search in the whole of a prompt that is mostly blanks would never end.
    added = _ATTACHED.search(said, max(0, len(said) - _LONGEST_ADDITION))
    if added is None:
        return Title("prompt", said.strip(), "")
    return Title("prompt", said[: added.start()].strip(), added[0].strip())


def is_attached_line(line: str) -> bool:
    """A line that says only how many files were attached."""
    return bool(line.strip()) and _ATTACHED.fullmatch(line) is not None
