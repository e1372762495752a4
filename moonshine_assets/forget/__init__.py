"""Forgetting: a conversation leaves everything of the home, and a search of every file proves it.

In: conversations by name. Out: runs, mash, snapshots and derived files without them, tombstones that keep them out.
Always: before or after, never between, for whoever opens the mash; what a crash broke off is completed by the next
writer.
"""
