"""Conversation scores: language, quality and tone of each current conversation, by its active path."""

from __future__ import annotations

from moonshine_assets.tables.schema import Column, Table

#: What selection and the slice take over.
SCORES: tuple[Column, ...] = (
    Column("lang", "VARCHAR", "language of most of its prose, ISO 639; und: not known"),
    Column("quality", "DOUBLE", "0 to 1: the weighted mean of the parts that follow", at_least=0),
    Column("variety", "DOUBLE", "how little its texts repeat themselves", at_least=0),
    Column("novelty", "DOUBLE", "share of its tokens that are said here first", at_least=0),
    Column("depth", "DOUBLE", "grows with the person's turns", at_least=0),
    Column("completeness", "DOUBLE", "share of answers that came to their end", at_least=0),
    Column("language", "DOUBLE", "share of its prose whose language is known", at_least=0),
    Column("approval", "DOUBLE", "1: rated up, 0: rated down, 0.5: neither or both", at_least=0),
    Column("near_duplicate_share", "DOUBLE", "share of its tokens that nearly repeat another text", at_least=0),
    Column("tone_shift", "DOUBLE", "mean change of the person's tone over an answer; NULL: not known", nullable=True),
    Column("benchmark_messages", "INTEGER", "messages with text of a benchmark", at_least=0),
)

CONVERSATION_SCORES = Table(
    name="conversation_scores",
    doc="One row a current conversation with a message of user, assistant or tool on its active path.",
    key=("provider", "provider_run_id", "conversation_id"),
    columns=(
        Column("provider", "VARCHAR", "provider name"),
        Column("provider_run_id", "VARCHAR", "run that brought the conversation"),
        Column("conversation_id", "VARCHAR", "the provider's id"),
        *SCORES,
    ),
)
