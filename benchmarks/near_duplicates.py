"""Near duplicates against datasketch on the same texts: `python -m benchmarks.near_duplicates [--texts 20000]`.

Both sides get normalised texts and end with the pairs of Jaccard index 0.8 or more: runs of five words, MinHash with
the same number of permutations and the same bands, and an exact comparison of the candidates. By turns in one process;
what is compared is CPU time. Needs the extra `bench`.
"""

import argparse
import importlib.metadata
import statistics
import time
from collections.abc import Callable

import polars as pl
from datasketch import MinHash, MinHashLSH

from benchmarks.near_texts import near_texts, word_runs
from benchmarks.results import circumstances, put_section
from moonshine_assets.distill.near_duplicates.minhash import band_keys
from moonshine_assets.distill.near_duplicates.shingles import shingles
from moonshine_assets.distill.policy import load

RULES = load().near_duplicates
Pairs = set[tuple[int, int]]


def ours(texts: list[str]) -> Pairs:
    """The functions that cleaning calls, over frames instead of tables."""
    runs = shingles(pl.DataFrame({"normal": texts}), RULES.shingle_words)
    bands = band_keys(runs, RULES)
    shared = bands.join(bands, on="band_key").filter(pl.col("row") < pl.col("row_right"))
    pairs = shared.select("row", "row_right").unique()
    sets = runs.unique().group_by("row").agg("shingle")
    joined = pairs.join(sets, on="row").join(sets, left_on="row_right", right_on="row", suffix="_right")
    common = pl.col("shingle").list.set_intersection(pl.col("shingle_right")).list.len()
    either = pl.col("shingle").list.len() + pl.col("shingle_right").list.len() - common
    alike = joined.filter(common / either >= RULES.merge_jaccard)
    return {(row, other) for row, other in alike.select("row", "row_right").iter_rows()}


def datasketch(texts: list[str]) -> Pairs:
    """As its documentation does it, in bulk."""
    permutations = RULES.bands * RULES.rows
    index = MinHashLSH(num_perm=permutations, params=(RULES.bands, RULES.rows))
    sets = [{" ".join(run) for run in word_runs(text)} for text in texts]
    encoded = ([run.encode("utf-8") for run in runs] for runs in sets)
    found: Pairs = set()
    for row, signature in enumerate(MinHash.generator(encoded, num_perm=permutations, seed=1)):
        for other in index.query(signature):
            common = len(sets[row] & sets[other])
            if common / (len(sets[row]) + len(sets[other]) - common) >= RULES.merge_jaccard:
                found.add((other, row))
        index.insert(row, signature)
    return found


def _timed(find: Callable[[list[str]], Pairs], texts: list[str]) -> tuple[float, Pairs]:
    started = time.process_time()
    found = find(texts)
    return time.process_time() - started, found


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.near_duplicates", description=__doc__)
    parser.add_argument("--texts", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    planted = near_texts(options.texts * 4 // 5, options.texts // 5)
    truth = {pair for pair, index in planted.pairs.items() if index >= RULES.merge_jaccard}
    setting = circumstances(["rensa", "datasketch", "polars"])
    seconds: dict[str, list[float]] = {"ours": [], "datasketch": []}
    recall: dict[str, float] = {}
    for _ in range(options.rounds):
        for name, find in (("ours", ours), ("datasketch", datasketch)):
            spent, found = _timed(find, planted.texts)
            seconds[name].append(spent)
            recall[name] = len(truth & found) / len(truth)
    ratios = sorted(theirs / mine for theirs, mine in zip(seconds["datasketch"], seconds["ours"], strict=True))
    rows = [
        f"| {name} | {statistics.median(spent):.2f} | {len(planted.texts) / statistics.median(spent):,.0f} |"
        f" {recall[name]:.4f} |"
        for name, spent in seconds.items()
    ]
    put_section(
        "near-duplicates",
        f"## Near duplicates among {len(planted.texts):,} texts\n\n"
        f"{sum(map(len, planted.texts)) / 1e6:.1f} M characters, {len(truth)} pairs at 0.8 or more; "
        f"{RULES.bands} bands of {RULES.rows} rows; medians of {options.rounds} rounds by turns, CPU time.\n\n"
        "| | CPU s | texts a CPU s | recall |\n|---|---:|---:|---:|\n" + "\n".join(rows) + "\n\n"
        f"datasketch {importlib.metadata.version('datasketch')} costs {statistics.median(ratios):.1f} times as much"
        f" ({ratios[0]:.1f}–{ratios[-1]:.1f}).\n\n{setting}.",
    )


if __name__ == "__main__":
    main()
