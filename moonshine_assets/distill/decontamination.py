"""Benchmarks that must not be trained on: texts that share a run of 13 words with a list the user keeps in the home."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from moonshine_assets.errors import BadInput

_WORD = r"[\p{L}\p{N}]+"
_MULTIPLIER = 0x9E3779B97F4A7C15


@dataclass(frozen=True, slots=True)
class Benchmarks:
    """Hashes of all runs of words of all lists, sorted; `version` tells one set of lists from another."""

    grams: npt.NDArray[np.uint64] = field(default_factory=lambda: np.empty(0, dtype=np.uint64))
    lists: int = 0

    @property
    def version(self) -> str:
        return sha256(self.grams.tobytes()).hexdigest()[:16] if self.lists else ""


def gram_hashes(texts: pl.Series, words: int) -> pl.DataFrame:
    """Hashes of every run of `words` words: columns `row` and `gram` (UInt64).

    Words are runs of letters and digits in lower case. A word is the first 8 bytes (big endian) of its SHA-256; a run
    is the sum of its words, each times 0x9E3779B97F4A7C15 to the power of its distance from the last, modulo 2^64. So
    a list of hashes can be handed on in place of the texts, and made in any language.
    """
    split = (
        pl.DataFrame({"word": texts.str.to_lowercase().str.extract_all(_WORD)}).with_row_index("row").explode("word")
    )
    split = split.drop_nulls("word")
    known = split["word"].unique()
    numbers = [int.from_bytes(sha256(word.encode("utf-8")).digest()[:8]) for word in known]
    table = pl.DataFrame({"word": known, "number": pl.Series(numbers, dtype=pl.UInt64)})
    hashed = split.join(table, on="word", how="left", maintain_order="left")
    gram = pl.col("number")
    for place in range(1, words):
        gram = gram * pl.lit(_MULTIPLIER, pl.UInt64) + pl.col("number").shift(-place)
    whole = pl.col("row").shift(-(words - 1)) == pl.col("row")
    return hashed.select("row", gram.alias("gram"), whole.alias("whole")).filter("whole").select("row", "gram")


def read_benchmarks(folder: Path, words: int) -> Benchmarks:
    """The lists of a folder: `.txt` (the file is one text), `.jsonl` (every string in it is one), `.hashes` (one run a
    line, 16 hex digits).

    Raises:
        BadInput: a file that cannot be read as what its ending says.
    """
    if not folder.is_dir():
        return Benchmarks()
    found: list[npt.NDArray[np.uint64]] = []
    files = sorted(path for path in folder.rglob("*") if path.suffix in {".txt", ".jsonl", ".hashes"})
    for path in files:
        try:
            text = path.read_text("utf-8")
            if path.suffix == ".hashes":
                found.append(np.array([int(line, 16) for line in text.split()], dtype=np.uint64))
            else:
                texts = [text] if path.suffix == ".txt" else list(_strings_of_lines(text))
                found.append(gram_hashes(pl.Series(texts, dtype=pl.String), words)["gram"].to_numpy())
        except (OSError, ValueError, OverflowError) as error:
            raise BadInput(
                "a benchmark list that cannot be read", where=path.name, fix="see docs/policy.md, Decontamination"
            ) from error
    return Benchmarks(np.unique(np.concatenate(found)) if found else np.empty(0, dtype=np.uint64), len(files))


def benchmark_hits(texts: pl.Series, benchmarks: Benchmarks, words: int) -> pl.DataFrame:
    """Columns `benchmark_hits` (runs of the text that stand in a list) and `benchmark_coverage` (their share)."""
    empty = {"benchmark_hits": pl.Int32, "benchmark_coverage": pl.Float64}
    if not len(benchmarks.grams):
        return pl.DataFrame({name: pl.repeat(0, len(texts), dtype=kind, eager=True) for name, kind in empty.items()})
    grams = gram_hashes(texts, words)
    at = np.searchsorted(benchmarks.grams, grams["gram"].to_numpy()).clip(max=len(benchmarks.grams) - 1)
    hit = pl.Series("hit", benchmarks.grams[at] == grams["gram"].to_numpy())
    counted = (
        grams.with_columns(hit)
        .group_by("row")
        .agg(
            pl.col("hit").sum().cast(pl.Int32).alias("benchmark_hits"),
            pl.col("hit").mean().round(4).alias("benchmark_coverage"),
        )
    )
    rows = pl.DataFrame({"row": range(len(texts))}, schema={"row": pl.UInt32})
    return rows.join(counted, on="row", how="left", maintain_order="left").select(
        pl.col("benchmark_hits").fill_null(0), pl.col("benchmark_coverage").fill_null(0.0)
    )


def _strings_of_lines(text: str) -> Iterator[str]:
    for line in text.splitlines():
        if line.strip():
            yield from _strings(json.loads(line))


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _strings(item)
