"""Words a second that a view of a pool reads, beside `nlp.pipe` over the same texts.

    python benchmarks/pool_speed.py --sentences 600

MiniLM's weights, no training: `causal_ner` by a view for each strategy's needs, by
`nlp.pipe`, and spaCy's `ner` on spacy-transformers' own component by `nlp.pipe`. One
row goes to benchmarks/results/pool_speed.jsonl; the times are processor times of the
process, medians over the rounds.
"""

import os
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import spacy
import torch
import typer
from corpora import find_corpus, read_corpus
from encoders import LISTENER, NER_MODEL, minilm
from spacy.tokens import Doc
from spacy.training import Example

from spacy_causal.acquisition import strategies
from spacy_causal.corpus.bare import bare_copy
from spacy_causal.experiments.results import Results
from spacy_causal.learning.pool.compute import view_pool
from spacy_causal.types import Precision

RESULTS = Results(Path(__file__).parent / "results" / "pool_speed.jsonl")
RUN = time.strftime("%Y-%m-%dT%H:%M:%S")
ONE_PASS = ("least_confidence", "token_entropy", "coreset", "badge", "wbadge")


def main(sentences: int = 600, rounds: int = 3, samples: int = 100) -> None:
    """Read CoNLL-2003's development sentences, drawn at random."""
    nlp = spacy.blank("en")
    every = read_corpus(find_corpus("conll2003/eng.testa"), nlp.vocab)
    order = np.random.default_rng(0).permutation(len(every))
    docs = [every[i] for i in order if len(every[i])][:sentences]
    ours = build("causal_ner", {"model": {"tok2vec": LISTENER}}, docs)
    spacys = build("ner", {"model": {**NER_MODEL, "tok2vec": LISTENER}}, docs)
    pool = {str(i): doc for i, doc in enumerate(docs)}
    n_words = sum(map(len, docs))

    def view(
        name: str, precision: Precision = "float32", **settings: Any
    ) -> Callable[[], Any]:
        needs = getattr(strategies, f"create_{name}")(**settings).needs
        return lambda: view_pool(ours, "causal_ner", pool, needs, precision=precision)

    runs = {
        "ner, nlp.pipe": lambda: pipe(spacys, docs),
        "causal_ner, nlp.pipe": lambda: pipe(ours, docs),
        **{f"view, {name}": view(name) for name in ONE_PASS},
        "view, wbadge, bfloat16": view("wbadge", "bfloat16"),
        f"view, bald {samples}": view("bald", samples=samples),
    }
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            started = time.process_time()
            run()
            seconds[name].append(time.process_time() - started)
    rates = {name: round(n_words / median(each)) for name, each in seconds.items()}
    load = round(os.getloadavg()[0], 2)
    case = {"run": RUN, "sentences": sentences, "words": n_words, "rounds": rounds}
    RESULTS.append(
        case, {"rates": rates, "load": load, "threads": torch.get_num_threads()}
    )
    for name, rate in rates.items():
        print(f"{name:>24} {rate:8,} words/s")


def build(factory: str, config: dict[str, Any], docs: list[Doc]) -> spacy.Language:
    nlp = spacy.blank("en")
    nlp.add_pipe("transformer", config={"model": minilm()})
    nlp.add_pipe(factory, config=config)
    nlp.initialize(lambda: [Example(bare_copy(doc), doc) for doc in docs[:200]])
    return nlp


def pipe(nlp: spacy.Language, docs: list[Doc]) -> None:
    for _ in nlp.pipe([bare_copy(doc, nlp.vocab) for doc in docs]):
        pass


if __name__ == "__main__":
    typer.run(main)
