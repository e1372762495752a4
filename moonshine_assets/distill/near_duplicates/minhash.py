"""MinHash signatures cut into bands: texts that share a band may be near duplicates."""

from __future__ import annotations

from importlib.metadata import version

import numpy as np
import numpy.typing as npt
import polars as pl
from rensa import RMinHash

from moonshine_assets.distill.cleaning_policy import NearDuplicates

_SEED = 42
_MULTIPLIERS = np.random.default_rng(_SEED).integers(1, 2**63, size=256, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
#: Band keys of the same text are equal only within one of these.
BANDS_VERSION = f"1 rensa {version('rensa')} algorithm {RMinHash.ALGORITHM_VERSION}"


def band_keys(shingled: pl.DataFrame, rules: NearDuplicates) -> pl.DataFrame:
    """One row a text and band: `row` (UInt32) and `band_key` (Int64), for the texts that have a shingle.

    Two texts of Jaccard index J share at least one of b bands of r rows with probability 1 - (1 - J^r)^b.

    Args:
        shingled: columns `row` and `shingle`, sorted by row.
        rules: numbers of bands and of rows in a band.
    """
    counts = shingled.group_by("row", maintain_order=True).len()
    if counts.is_empty():
        return pl.DataFrame(schema={"row": pl.UInt32, "band_key": pl.Int64})
    offsets = np.concatenate([[0], counts["len"].cum_sum().to_numpy()]).astype(np.uint64)
    used = rules.bands * rules.rows
    matrix = RMinHash.digest_matrix_from_flat_token_hashes(shingled["shingle"].to_numpy(), offsets, used, _SEED)
    signatures = np.array(matrix.to_rows(), dtype=np.uint64).reshape(len(counts), rules.bands, rules.rows)
    keys = _mixed((signatures * _MULTIPLIERS[: rules.rows]).sum(axis=2, dtype=np.uint64) + _MULTIPLIERS[: rules.bands])
    return pl.DataFrame(
        {
            "row": np.repeat(counts["row"].to_numpy(), rules.bands),
            "band_key": keys.reshape(-1).view(np.int64),
        },
        schema={"row": pl.UInt32, "band_key": pl.Int64},
    )


def _mixed(keys: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """The finalizer of SplitMix64, so that sums of neighbouring signatures lie far apart."""
    keys = (keys ^ (keys >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    keys = (keys ^ (keys >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return keys ^ (keys >> np.uint64(31))
