"""Mutated exports through the real intake: each must end balanced or refused (docs/exports.md, `make fuzz`).

In: the fixtures of every registered provider, a seed and a case number. Out: an outcome a case. Always: the same seed
and number make the same bytes, a case that takes too long is killed, and what is called lost was found by looking for
marked texts, not by asking the receipt.
"""
