"""What the formats are known to hold: one JSON a provider with key paths and enum values, made by `make_known`.

In: nothing. Out: names for `exports.radar` to compare with. Always: names alone, never text of a conversation.
"""
