"""What assets use: the data home (paths), atomic files, locks, DuckDB connections, the tokenizer, the clock.

Nothing in here knows a provider's format or a lane; nothing outside `home.py` builds a path of the home.
"""
