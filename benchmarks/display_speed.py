"""What `candidate_scorer` adds to a pass of `causal_ner` over text, in one process: in
each batch the one runs, then the other.

    python benchmarks/display_speed.py --rounds 7

One row a setting goes to benchmarks/results/display_speed.jsonl: processor time of
each per 1,000 tokens, and the median ratio of the two within a round.
"""

import os
import platform
import time
from itertools import product
from pathlib import Path
from statistics import median
from typing import Any

import spacy
import typer
from corpora import find_corpus, read_corpus
from encoders import CNN
from spacy.tokens import Doc

from spacy_causal.experiments.results import Results
from spacy_causal.experiments.training import fresh_example, train

RESULTS = Results(Path(__file__).parent / "results" / "display_speed.jsonl")
RUN = time.strftime("%Y-%m-%dT%H:%M:%S")
LABELS = (4, 50)
UNITS = ("mention", "token")
FORMS: dict[str, dict[str, Any]] = {
    "fixed": {"modulation": "fixed"},
    "rescaled": {"modulation": "rescaled"},
    # As sessions ask.
    "session": {"modulation": "none", "explore": 0.5, "propensities": True},
}


def main(rounds: int = 7, sentences: int = 1000) -> None:
    """Train 200 steps on CoNLL-2003, then measure each setting on other sentences."""
    nlp = spacy.blank("en")
    docs = read_corpus(find_corpus("conll2003/eng.train"), nlp.vocab)
    nlp.add_pipe("causal_ner", config={"model": {"tok2vec": CNN}})
    train(nlp, docs[sentences : 5 * sentences], steps=200, batch_size=32, seed=0)
    docs = docs[:sentences]
    n_tokens = sum(len(doc) for doc in docs)
    for labels, unit, form in product(LABELS, UNITS, FORMS):
        labeller = nlp.get_pipe("causal_ner")
        for i in range(len(labeller.labels), labels):
            labeller.add_label(f"LABEL_{i}")
        config = {"unit": unit, **FORMS[form]}
        nlp.add_pipe("candidate_scorer", config=config)
        times = [measure(nlp, docs) for _ in range(1 + rounds)][1:]
        nlp.remove_pipe("candidate_scorer")
        before = median(labeller for labeller, _ in times)
        added = median(display for _, display in times)
        ratio = median(display / labeller for labeller, display in times)
        RESULTS.append(
            {"run": RUN, "labels": labels, "sentences": sentences, **config},
            {
                "labeller_ms": round(1e6 * before / n_tokens, 2),
                "display_ms": round(1e6 * added / n_tokens, 2),
                "ratio": round(ratio, 3),
                "load": round(os.getloadavg()[0], 2),
                "cores": os.cpu_count(),
                "machine": platform.machine(),
            },
        )
        row = RESULTS.rows()[-1]
        print(
            f"{labels} labels, {unit}, {form}: {row['display_ms']} ms on top of "
            f"{row['labeller_ms']} ms per 1,000 tokens ({row['ratio']:.1%})"
        )


def measure(nlp: spacy.Language, docs: list[Doc]) -> tuple[float, float]:
    """Seconds that `causal_ner` takes for bare copies of the Docs, scores kept, and
    `candidate_scorer` after it."""
    seconds = {"causal_ner": 0.0, "candidate_scorer": 0.0}
    bare = [fresh_example(doc).predicted for doc in docs]
    for start in range(0, len(bare), nlp.batch_size):
        batch = bare[start : start + nlp.batch_size]
        for name in seconds:
            pipe = nlp.get_pipe(name)
            started = time.process_time()
            batch = list(pipe.pipe(batch, batch_size=nlp.batch_size))
            seconds[name] += time.process_time() - started
    return seconds["causal_ner"], seconds["candidate_scorer"]


if __name__ == "__main__":
    typer.run(main)
