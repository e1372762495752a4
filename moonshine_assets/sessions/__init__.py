"""Live agent sessions: how full they are, and what is due for them.

In: the session stores of OpenClaw, Claude Code and Codex, and `moon.toml`. Out: a reading a session and the stages due
(archive, prune, distill). Always: nothing is pruned on a number that is in doubt, archiving comes first in every
action, and what is due is on disk before it is handed out.
"""
