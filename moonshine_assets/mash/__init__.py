"""The one query-first database: every merged run's rows, the current version of each message, text stored once.

In: gated provider databases, one a merge. Out: `moonshine_mash_active.db`. Always: an archive first, one transaction,
one writer, and merging again writes nothing.
"""
