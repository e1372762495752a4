"""Training lanes: rows a trainer can read, each traceable to the messages it was made of.

In: the mash and a policy. Out: one folder a lane with JSONL, Parquet, card and manifest. Always: every row is true;
what does not qualify is counted under a reason, and a lane without rows is written as empty.
"""
