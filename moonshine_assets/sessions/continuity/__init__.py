"""Continuity: what a new session is told of the one before it, and which session went on from which.

In: a distillation and its archive. Out: an offer, and once a session takes it a `ContinuityMap`, the text that it is
given, and a line in `archive/sessions/links.jsonl`. Always: every statement cites messages that the archive has, the
text says of itself that it is background, and the same session taking the same offer changes nothing.
"""

from moonshine_assets.sessions.continuity.chain import Link, chain
from moonshine_assets.sessions.continuity.claims import Claimed, claim, shortened
from moonshine_assets.sessions.continuity.offers import offer

__all__ = ["Claimed", "Link", "chain", "claim", "offer", "shortened"]
