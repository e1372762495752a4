"""From the mash to the slice: which distinct texts count, which conversations are worth training on, and why.

In: the current versions of the mash and a policy. Out: the tables cleaning, distilled_conversations and
distilled_messages, and an exact waterfall. Always: cleaning never takes a turn out of a conversation.
"""
