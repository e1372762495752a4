"""The tables that cleaning and selection make of the mash; all of them can be made again from it."""

from __future__ import annotations

from moonshine_assets.tables.cleaning import CLEANING
from moonshine_assets.tables.conversation_scores import CONVERSATION_SCORES
from moonshine_assets.tables.distilled import DISTILLED_CONVERSATIONS, DISTILLED_MESSAGES
from moonshine_assets.tables.near_duplicates import MINHASH_BANDS, NEAR_DUPLICATES, NEAR_PAIRS
from moonshine_assets.tables.redaction import CLEANING_STATE, PLACEHOLDERS, REDACTED_TEXTS, TEXT_SCANS
from moonshine_assets.tables.schema import Table
from moonshine_assets.tables.selection import SELECTION
from moonshine_assets.tables.text_signals import TEXT_SIGNALS

CLEANING_TABLES: tuple[Table, ...] = (
    CLEANING,
    CONVERSATION_SCORES,
    TEXT_SIGNALS,
    NEAR_DUPLICATES,
    NEAR_PAIRS,
    MINHASH_BANDS,
    TEXT_SCANS,
    REDACTED_TEXTS,
    PLACEHOLDERS,
    CLEANING_STATE,
)
SLICE_TABLES: tuple[Table, ...] = (SELECTION, DISTILLED_CONVERSATIONS, DISTILLED_MESSAGES)
DERIVED_TABLES: tuple[Table, ...] = (*CLEANING_TABLES, *SLICE_TABLES)
