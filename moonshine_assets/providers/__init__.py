"""From conversation records to one immutable DuckDB a run, with its receipt, quarantine and ledger.

In: a locked export. Out: `moonshine_<provider>_<run_id>.db`, read-only, and its manifests. Always: the final name
exists only after every gate has passed, and the receipt balances.
"""
