"""From the bytes of an export to conversation records: preflight, detection, splitting, adapters, trees.

In: one file, zip or folder as a person downloaded it. Out: `ParsedConversation` records and an account of every
byte and node. Always: what does not parse is handed on with its bytes and a reason, never dropped.
"""
