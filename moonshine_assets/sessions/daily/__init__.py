"""Memory for people and for the next session: one Markdown file a day, and `memory/memory.md` above them.

In: distillations. Out: `memory/YYYY-MM-DD.md`, a section a session, and once a day what of yesterday is worth keeping
in `memory.md`. Always: what a person writes outside our markers stays as it is, letter for letter.
"""
