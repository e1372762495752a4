"""Every token counted once and accounted for: run ledgers, the main ledger, waterfalls, reconciliation.

In: secured exports, run databases, the mash. Out: `token_ledger.*.json`. Always: counters do not increase from left to
right, and the reasons between two of them add up exactly.
"""
