"""Full-text search in plain DuckDB tables: merged texts come in, an inverted index in schema `search` goes out.

What always holds: every text that a message of the mash uses is in the index exactly once, and nothing else is. The
index is derived, so no content hash, snapshot or gate counts it; `build.rebuild` makes it anew from schema `store`.
"""
