"""How well a sketch keeps distances, on gradient embeddings of a trained model.

    python benchmarks/sketch_quality.py

A linear head is trained on MiniLM's vectors of half of a development set; the other
half is the pool. "shifted" is the package's CountSketch, "textbook" draws a bucket for
each column by itself. Two figures a sketch: the total variation between the k-means++
draw on exact rows and on the sketch, the mean over states with 1 to 100 centres; and
the median relative error of a pair's squared distance. One row a case goes to
benchmarks/results/sketch_quality.jsonl.
"""

import time
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import spacy
import typer
from corpora import CORPORA, read_corpus
from features import add_features
from scipy import sparse
from spacy.tokens import Doc
from spacy.training import Example
from spacy.util import fix_random_seed

from spacy_causal.acquisition.basket import Basket
from spacy_causal.acquisition.gradients import CountSketch, DenseGradients
from spacy_causal.acquisition.seeding import seed_centres, squared_distances
from spacy_causal.corpus.bare import bare_copy
from spacy_causal.experiments.results import Results
from spacy_causal.experiments.training import shuffled_batches
from spacy_causal.learning.pool.compute import view_pool
from spacy_causal.types import Budget, Needs

RESULTS = Results(Path(__file__).parent / "results" / "sketch_quality.jsonl")
RUN = time.strftime("%Y-%m-%dT%H:%M:%S")
DATA = {
    "conll2003": ("conll2003/eng.testa", "bio"),
    "fewnerd_inter": ("fewnerd_inter/dev.txt", "io"),
}
HEAD = {
    "@architectures": "spacy-causal.LinearTagger.v1",
    "tok2vec": {"@architectures": "spacy-causal.DocTensor.v1"},
}
WIDTHS = (256, 1024, 2048)
CENTRES = (1, 3, 10, 30, 100)


def main(
    sentences: int = 3000, steps: int = 300, seeds: int = 3, pairs: int = 20_000
) -> None:
    """Measure each width of each sketch on both corpora."""
    for name in DATA:
        rows, n_tags = gradient_rows(name, sentences, steps)
        states = [draw_state(rows, n) for n in CENTRES]
        rng = np.random.default_rng(0)
        drawn = rng.integers(len(rows), size=(2, pairs))
        for kind in ("shifted", "textbook"):
            for width in WIDTHS:
                measured = [
                    measure(rows, sketch_rows(rows, kind, width, seed), states, drawn)
                    for seed in range(seeds)
                ]
                case = {"data": name, "sketch": kind, "columns": width}
                size = {"n": len(rows), "tags": n_tags, "of": rows.shape[1]}
                figures = {
                    key: [round(each[key], 4) for each in measured]
                    for key in measured[0]
                }
                RESULTS.append({"run": RUN, **case, **size}, figures)
                print(case, size, figures)


def gradient_rows(name: str, sentences: int, steps: int) -> tuple[np.ndarray, int]:
    """Exact gradient embeddings of a pool, and the number of tags."""
    path, scheme = DATA[name]
    nlp = spacy.blank("en")
    docs = read_corpus(CORPORA / path, nlp.vocab)
    docs = add_features([doc for doc in docs if len(doc)][:sentences])
    learnt, pool = docs[::2], docs[1::2]
    nlp.add_pipe("causal_ner", config={"scheme": scheme, "model": HEAD})
    train_on_tensors(nlp, learnt, steps)
    texts = {str(i): doc for i, doc in enumerate(pool)}
    view = view_pool(nlp, "causal_ner", texts, Needs(gradients="exact"))
    n_tags = len(nlp.get_pipe("causal_ner").tag_set)
    return np.asarray(view.arrays["gradients"]), n_tags


def train_on_tensors(nlp: spacy.Language, docs: list[Doc], steps: int) -> None:
    """Update the pipeline on Docs and the vectors that they carry."""

    def example(doc: Doc) -> Example:
        bare = bare_copy(doc)
        bare.tensor = doc.tensor
        return Example(bare, doc)

    fix_random_seed(0)
    optimizer = nlp.initialize(lambda: [example(doc) for doc in docs])
    batches = shuffled_batches(docs, 32, np.random.default_rng(0))
    for batch in islice(batches, steps):
        nlp.update([example(doc) for doc in batch], sgd=optimizer, drop=0.1)


def draw_state(rows: np.ndarray, n: int) -> list[int]:
    basket = Basket(np.ones(len(rows), dtype=int), Budget(n))
    rng = np.random.default_rng(n)
    seed_centres(DenseGradients.of_rows(rows), np.ones(len(rows)), basket, rng)
    return basket.chosen


def sketch_rows(rows: np.ndarray, kind: str, width: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    n = rows.shape[1]
    if kind == "shifted":
        return CountSketch.draw(n, width, rng)(rows)
    signs = rng.integers(2, size=n) * 2.0 - 1
    matrix = sparse.csr_matrix((signs, (rng.integers(width, size=n), np.arange(n))),
                               shape=(width, n))  # fmt: skip
    return (matrix @ rows.T).T.astype(np.float32)


def measure(
    rows: np.ndarray, sketch: np.ndarray, states: list[list[int]], pairs: np.ndarray
) -> dict[str, Any]:
    variations = [
        abs(draw(rows, chosen) - draw(sketch, chosen)).sum() / 2 for chosen in states
    ]
    exact, kept = (
        ((each[pairs[0]] - each[pairs[1]]) ** 2).sum(axis=1) for each in (rows, sketch)
    )
    some = exact > 0
    error = abs(kept[some] - exact[some]) / exact[some]
    return {
        "variation": float(np.mean(variations)),
        "pair_error": float(np.median(error)),
    }


def draw(rows: np.ndarray, chosen: list[int]) -> np.ndarray:
    gradients = DenseGradients.of_rows(rows)
    norms = gradients.squared_norms()
    nearest = np.min(
        [squared_distances(norms, gradients.products(c), c) for c in chosen], axis=0
    )
    nearest[chosen] = 0
    return nearest / nearest.sum()


if __name__ == "__main__":
    typer.run(main)
