"""Secrets and personal data out of texts: a value is replaced by a placeholder, the same wherever it stands.

In: the mash's texts and arguments, the policy's rules, the accounts' identities. Out: the tables text_scans,
redacted_texts and placeholders. Always: what was valid JSON stays valid JSON, and a redacted text holds no find.
"""
