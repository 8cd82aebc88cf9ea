"""Convert damaged files of every format; each must be converted or refused by name.

python benchmarks/fuzz_corpora.py --examples 10000 --seed 0
"""

import argparse
import json
import sys
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests" / "corpus"))

from mutations import SEED_BYTES, convert_damaged, mutate  # noqa: E402

RESULTS = ROOT / "benchmarks" / "results" / "fuzz_corpora.jsonl"


def main(examples: int, seed: int) -> dict[str, object]:
    """Return how many files of each format were converted, refused, or neither."""
    rng = np.random.default_rng(seed)
    names = list(SEED_BYTES)
    outcomes = {name: Counter(converted=0, refused=0, failed=0) for name in names}
    with tempfile.TemporaryDirectory() as folder:
        for i in range(examples):
            name = names[i % len(names)]
            data = bytes(rng.integers(0, 256, rng.integers(0, 400), np.uint8))
            if i % 10:
                data = mutate(SEED_BYTES[name], rng)
            try:
                skip_bad = bool(rng.integers(2))
                summary = convert_damaged(Path(folder), name, data, skip_bad)
                outcomes[name]["converted" if summary.written else "refused"] += 1
            except Exception as error:
                outcomes[name]["failed"] += 1
                print(name, repr(data), repr(error))
    total = Counter()
    for counts in outcomes.values():
        total.update(counts)
    return {"examples": examples, "seed": seed, **total, "by_file": outcomes}


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--examples", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    row = main(args.examples, args.seed)
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(row) + "\n")
    print(json.dumps(row, indent=1))
    sys.exit(bool(row["failed"]))
