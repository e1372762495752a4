"""Archived sessions as texts that a person can read and a search can cite.

In: the snapshots of a session. Out: Markdown files, each a part of a session that is never changed once it is written.
Always: every line of a log is either told, with its id and its times, or counted as left out; and what is quoted in a
file stands behind `> `, so that nothing said in a session can pass for the file's own words.
"""

from moonshine_assets.sessions.projection.parts import Place, parts_of, places
from moonshine_assets.sessions.projection.project import project

__all__ = ["Place", "parts_of", "places", "project"]
