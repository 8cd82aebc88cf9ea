"""Count every data set in the folder that SPACY_CAUSAL_CORPORA names.

Writes a row a file: what its authors state, and what we read.
"""

import json
import os
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests" / "corpus"))

from corpus_counts import EXPECTED, count_corpus  # noqa: E402

RESULTS = ROOT / "benchmarks" / "results" / "corpus_counts.jsonl"


def main(folder: Path) -> bool:
    """Write the rows; return whether all counts are as expected."""
    rows = []
    for name, expected in EXPECTED.items():
        counts, summary = count_corpus(folder, name)
        got = {key: counts[key] for key in expected}
        row = {"file": name, "format": summary.format, "scheme": summary.scheme}
        rows.append({**row, "expected": expected, "got": got, "same": got == expected})
        print(json.dumps(rows[-1]))
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return all(row["same"] for row in rows)


if __name__ == "__main__":
    if "SPACY_CAUSAL_CORPORA" not in os.environ:
        sys.exit("Set SPACY_CAUSAL_CORPORA to the folder of the data sets.")
    sys.exit(not main(Path(os.environ["SPACY_CAUSAL_CORPORA"])))
