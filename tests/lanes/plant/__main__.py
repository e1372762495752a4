"""Precision and recall of the lanes on planted truth: `PYTHONPATH=tests python -m lanes.plant [--times 20] [--seed 1]`.

Exit code 1 when pairs of the core tiers are less precise than 0.95, a prompt is not the pair's, or anything leaked.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from lanes.plant.report import harvest, lines
from moonshine_resources.tokenizer import load

LEAST_PRECISION = 0.95


def main() -> int:
    parser = argparse.ArgumentParser(prog="lanes.plant", description=__doc__)
    parser.add_argument("--times", type=int, default=20, help="how often each scenario is planted")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--show", type=int, default=0, help="list so many wrong and missed claims of each lane")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = harvest(Path(folder), options.times, load(Path(folder, "vocabulary")), options.seed)
        print("\n".join(lines(found)))
        for lane, of in found.scores.items():
            for kind, claims in (("wrong", of.wrong), ("missed", of.missed)):
                for claim in sorted(claims)[: options.show]:
                    print(lane, kind, *claim)
        pairs, same = found.prefixes
        leaks = found.leaked([*found.truth.canaries, *found.truth.secrets])
        held = found.pairs.precision >= LEAST_PRECISION and pairs == same and not (leaks or found.calls_lost)
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
