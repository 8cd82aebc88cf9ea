"""Words per second and peak memory: `causal_ner` against `ner`, on one machine in one
run, the arms taking turns.

    python benchmarks/speed.py --rounds 5

One row a round and arm goes to benchmarks/results/speed.jsonl; the table gives the
median of each arm and the median ratio to spaCy's `ner` within a round.
"""

import os
import platform
import resource
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

import spacy
import typer
from corpora import CORPORA, read_corpus
from encoders import CNN, NER_MODEL
from spacy.tokens import Doc

from spacy_causal.experiments.results import Results
from spacy_causal.experiments.training import fresh_example, train

RESULTS = Results(Path(__file__).parent / "results" / "speed.jsonl")
ARMS = {
    "ner": ("ner", NER_MODEL),
    "plain": ("causal_ner", {"@architectures": "spacy-causal.LinearTagger.v1"}),
    "deconfounded": (
        "causal_ner",
        {"@architectures": "spacy-causal.DeconfoundedTagger.v1"},
    ),
    "default": ("causal_ner", {}),
}


RUN = os.environ.setdefault("SPEED_RUN", time.strftime("%Y-%m-%dT%H:%M:%S"))


PASSES = 3


def main(
    rounds: int = 5, sentences: int = 3000, arm: str = "", number: int = 0
) -> None:
    """Measure each arm in a process of its own, then print the table."""
    if arm:
        return measure(arm, sentences, number)
    for number in range(rounds):
        for name in ARMS:
            command = [sys.executable, __file__, "--arm", name, "--number", str(number)]
            subprocess.run([*command, "--sentences", str(sentences)], check=True)
    return print_table()


def measure(arm: str, sentences: int, number: int) -> None:
    """Train 60 steps, then predict, and append a row."""
    nlp = spacy.blank("en")
    factory, model = ARMS[arm]
    encoder = CNN
    if arm == "default":
        architecture = "spacy-causal.InterveningEncoder.v1"
        rates = {"rate": 0.05, "other_rate": 0.05}
        encoder = {"@architectures": architecture, "encoder": CNN, **rates}
    nlp.add_pipe(factory, config={"model": model | {"tok2vec": encoder}})
    path = CORPORA / "conll2003/eng.train"
    docs = read_corpus(path, nlp.vocab, limit=sentences)
    train(nlp, docs, steps=60, batch_size=32, seed=0)
    optimizer = nlp.resume_training()
    batches = [docs[i : i + 32] for i in range(0, len(docs), 32)]
    n_words = sum(len(doc) for doc in docs)

    started = time.perf_counter()
    for batch in batches:
        nlp.update([fresh_example(doc) for doc in batch], sgd=optimizer, drop=0.1)
    training = n_words / (time.perf_counter() - started)

    seconds = [time_prediction(nlp, docs) for _ in range(1 + PASSES)]
    predicting = n_words / median(seconds[1:])  # the first warms up

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    RESULTS.append(
        {"run": RUN, "arm": arm, "round": number, "sentences": sentences},
        {
            "train": round(training),
            "predict": round(predicting),
            "peak_mib": round(peak),
            "load": round(os.getloadavg()[0], 2),
            "cores": os.cpu_count(),
            "machine": platform.machine(),
        },
    )


def time_prediction(nlp: spacy.Language, docs: list[Doc]) -> float:
    """Seconds that the pipeline takes to process bare copies of the Docs."""
    bare = [fresh_example(doc).predicted for doc in docs]
    started = time.perf_counter()
    for _ in nlp.pipe(bare):
        pass
    return time.perf_counter() - started


def print_table() -> None:
    """Medians, and the median ratio to `ner` round by round."""
    rows = RESULTS.rows()
    rows = [row for row in rows if row["run"] == rows[-1]["run"]]
    rival = {row["round"]: row for row in rows if row["arm"] == "ner"}
    for arm in ARMS:
        own = [row for row in rows if row["arm"] == arm]
        cells = []
        for what in ("train", "predict"):
            words = median(row[what] for row in own)
            ratio = median(row[what] / rival[row["round"]][what] for row in own)
            cells.append(f"{what} {words:,.0f} words/s ({ratio:.2f} x ner)")
        print(arm, *cells, f"{median(r['peak_mib'] for r in own):.0f} MiB", sep="  ")


if __name__ == "__main__":
    typer.run(main)
