"""Which probability of a mention can be used, before and after a temperature.

    python benchmarks/confidences.py --seeds 0,1,2
    python benchmarks/confidences.py --table

Trains `causal_ner` without settings on CoNLL-2003, fits T on one part of dev and
measures on another. One row a seed goes to benchmarks/results/confidences.jsonl.
"""

from pathlib import Path
from statistics import mean, stdev
from typing import Any

import numpy as np
import spacy
import typer
from active_data import read_annotated
from spacy.training import Example
from spacy.util import fix_random_seed

from spacy_causal.corpus.bare import bare_copy
from spacy_causal.experiments.results import Results
from spacy_causal.experiments.training import shuffled_batches
from spacy_causal.learning.calibration import Scored, fit, measure, score_docs
from spacy_causal.numeric import log_softmax
from spacy_causal.scorers.calibration import (
    area_under_risk_coverage,
    expected_calibration_error,
    reliability,
    risk_coverage,
)

RESULTS = Results(Path(__file__).parent / "results" / "confidences.jsonl")
# From the logarithms of P(tag) of a mention's tokens.
WAYS = {
    "product": np.sum,
    "least": np.min,
    "geometric mean": np.mean,
    "mean": lambda log_p: np.log(np.mean(np.exp(log_p))),
}


def main(
    seeds: str = "0,1,2", sentences: int = 800, epochs: int = 6, table: bool = False
) -> None:
    """Run the seeds that have no row yet, or print the table."""
    if not table:
        cells = [
            {"seed": int(seed), "sentences": sentences, "epochs": epochs}
            for seed in seeds.split(",")
        ]
        for cell, outcome in RESULTS.run(cells, run_cell):
            print(cell, outcome)
    print_table([row for row in RESULTS.rows() if row["epochs"] == epochs])


def run_cell(cell: dict[str, Any]) -> dict[str, Any]:
    """Train one model, fit T, measure."""
    fix_random_seed(cell["seed"])
    nlp = spacy.blank("en")
    nlp.add_pipe("causal_ner")
    train, dev = (
        read_annotated(f"conll2003/eng.{part}", nlp.vocab)
        for part in ("train", "testa")
    )
    examples = [Example(bare_copy(d), d) for d in train[: cell["sentences"]]]
    optimizer = nlp.initialize(lambda: examples)
    rng = np.random.default_rng(cell["seed"])
    batches = shuffled_batches(examples, 16, rng)
    for _ in range(cell["epochs"] * len(examples) // 16):
        nlp.update(next(batches), sgd=optimizer, drop=0.1)
    temperature = fit(score_docs(nlp, "causal_ner", dev[:1000]))
    scored = score_docs(nlp, "causal_ner", dev[1000:2200])
    figures: dict[str, Any] = {"temperature": temperature}
    for name, t in (("1", 1.0), ("T", temperature)):
        at = measure(scored, t)
        figures[f"nll, {name}"] = at.nll
        figures[f"token ece, {name}"] = at.tokens.ece
        for way in WAYS:
            figures |= {f"{k} of {way}, {name}": v for k, v in judge(scored, t, way)}
    return figures


def judge(scored: Scored, t: float, way: str) -> list[tuple[str, float]]:
    """ECE and AURC of one way to score mentions."""
    log_p = log_softmax(scored.logits / t)[np.arange(len(scored.tags)), scored.tags]
    said = np.exp([WAYS[way](log_p[start:end]) for start, end in scored.mentions])
    ece = expected_calibration_error(reliability(said, scored.right))
    return [
        ("ece", ece),
        ("aurc", area_under_risk_coverage(risk_coverage(said, scored.right))),
    ]


def print_table(rows: list[dict[str, Any]]) -> None:
    """Means over seeds, in percent."""

    def said(key: str, scale: float = 100) -> str:
        values = [scale * row[key] for row in rows]
        spread = f" ± {stdev(values):.2f}" if len(values) > 1 else ""
        return f"{mean(values):.2f}{spread}"

    print(f"seeds: {len(rows)}; T: {said('temperature', 1)}")
    for name in ("1", "T"):
        print(f"NLL, {name}: {said(f'nll, {name}', 1)}")
        print(f"token ECE, {name}: {said(f'token ece, {name}')}")
    print("| mention's probability | ECE, T = 1 | ECE, T | AURC, T = 1 | AURC, T |")
    print("|---|---|---|---|---|")
    for way in WAYS:
        keys = [f"{k} of {way}, {name}" for k in ("ece", "aurc") for name in "1T"]
        print(f"| {way} | " + " | ".join(map(said, keys)) + " |")


if __name__ == "__main__":
    typer.run(main)
