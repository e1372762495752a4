"""The terminal: every command is thin over the functions the assets use, on the same Dagster instance.

In: words and paths. Out: tables, JSON or CSV on standard output, messages on standard error, exit code 0, 1 or 2.
"""
