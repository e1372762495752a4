"""How full live sessions are.

In: the stores of the agents, opened for reading alone. Out: one `Reading` a session. Always: a number that is missing,
stale or contradicts another is told with its doubt, never repaired, and of a large file only its end is read.
"""
