"""Text signals: what was measured of each distinct text of a message."""

from __future__ import annotations

from moonshine_assets.tables.schema import Column, Table


def _share(name: str, doc: str) -> Column:
    return Column(name, "DOUBLE", doc, at_least=0)


TEXT_SIGNALS = Table(
    name="text_signals",
    doc="One row a distinct text of messages of user, assistant and tool; shares and marks are of its beginning.",
    key=("content_sha256",),
    columns=(
        Column("content_sha256", "VARCHAR", "SHA-256 of the text", sha256=True),
        Column("normal_sha256", "VARCHAR", "SHA-256 of it in lower case with white space collapsed", sha256=True),
        Column("characters", "INTEGER", "characters of the whole text", at_least=0),
        Column("words", "INTEGER", "words of the whole text, between spaces", at_least=0),
        Column("lang", "VARCHAR", "ISO 639 code; NULL: not known", nullable=True),
        Column("lang_confidence", "DOUBLE", "the model's; NULL: too few letters", nullable=True, at_least=0),
        Column(
            "tone",
            "DOUBLE",
            "VADER compound of a person's text, unless it is known not to be English; NULL: none",
            nullable=True,
        ),
        Column("machine", "VARCHAR", "form of a turn that a program wrote; NULL: none", nullable=True),
        Column("signatures", "VARCHAR[]", "marks of text copied from elsewhere"),
        Column("benchmark_hits", "INTEGER", "runs of words that stand in a benchmark list", at_least=0),
        Column("benchmark_coverage", "DOUBLE", "their share of the text's runs", at_least=0),
        Column("zlib_ratio", "DOUBLE", "bytes after zlib(1) by bytes before; NULL: empty", nullable=True, at_least=0),
        Column("head_words", "INTEGER", "words", at_least=0),
        _share("mean_word_characters", "characters of a word"),
        Column("lines", "INTEGER", "lines", at_least=0),
        _share("repeated_line_share", "lines that repeat another"),
        _share("bullet_line_share", "lines that begin with a bullet or number"),
        _share("ellipsis_line_share", "lines that end with an ellipsis"),
        _share("letter_share", "characters that are letters"),
        _share("digit_share", "characters that are digits"),
        _share("capital_share", "letters that are capitals"),
        _share("symbol_word_ratio", "hash signs and ellipses by words"),
        Column("stop_words", "INTEGER", "of eight common English words", at_least=0),
        _share("code_share", "characters in fenced code"),
        _share("addresses_per_thousand", "web addresses in a thousand characters"),
    ),
)
