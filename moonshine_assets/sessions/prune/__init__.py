"""Making a session smaller: by its agent's own compaction where there is one, else as a pruned copy beside it.

In: a session of which the numbers are trusted. Out: how it was made smaller, by how much. Always: an archive of what is
there now was read back before, a session's own file is changed by its agent alone, and tokens are compared.
"""
