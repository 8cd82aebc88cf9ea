"""CITISL's two case studies on the embedded corpus: what the heads say of tokens whose
context misleads, and which labels are displayed with and without modulation.

    python benchmarks/citisl_cases.py report/citisl_cases.json
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import spacy
import typer
from citisl_methods import LINEAR, PAPER
from corpora import read_corpus
from encoders import CNN
from numpy.random import default_rng
from spacy.tokens import Doc

from spacy_causal.corpus.bare import bare_copy
from spacy_causal.display.candidates import (
    OUTSIDE,
    display_log_probabilities,
    type_log_probabilities,
    type_names,
)
from spacy_causal.display.information import information_gain
from spacy_causal.display.noise import Modulation, noise_scale
from spacy_causal.display.propensity import propensities
from spacy_causal.experiments.page import write_page
from spacy_causal.experiments.streaming import classes_of, without_classes
from spacy_causal.experiments.training import train

CORPUS = Path(__file__).parents[1] / "assets" / "contested"
ARMS: dict[str, dict[str, Any]] = {
    "plain head": LINEAR,
    "deconfounded head": {"model": PAPER["model"]},
}
MODULATIONS: dict[str, tuple[Modulation, float]] = {
    "none": ("none", 0),
    "the paper's I(Z; E)": ("printed", 0),
    "fixed at 1": ("fixed", 1),
    "I(Z; E) rescaled to 3": ("rescaled", 3),
}
BATCH_SIZE = 16
DRAWS = 200
K = 3


def main(
    output: Path, steps: int = 200, seeds: str = "0,1,2", corpus: Path = CORPUS
) -> None:
    """Train the heads, seed by seed, and write what the plots show."""
    vocab = spacy.blank("en").vocab
    training, dev = (
        read_corpus(corpus / name, vocab) for name in ("train.txt", "dev.txt")
    )
    numbers = [int(seed) for seed in seeds.split(",")]
    cases = {
        "steps": steps,
        "seeds": numbers,
        "likelihood": likelihood(training, dev, steps=steps, seeds=numbers),
        "display": display(training, dev, steps=steps, seeds=numbers),
    }
    write_page(output, json.dumps(cases, indent=1, ensure_ascii=False))


def likelihood(
    training: Sequence[Doc], dev: Sequence[Doc], *, steps: int, seeds: Sequence[int]
) -> dict[str, Any]:
    """P(label) at the tokens of mentions where either head is most misled: where the
    other head's probability of the true type, seed for seed, exceeds its own most."""
    found = {}
    for arm, component in ARMS.items():
        trained = [pipeline(component, training, steps, seed) for seed in seeds]
        found[arm] = np.stack([type_probabilities(nlp, dev) for nlp in trained])
        labels = type_names(trained[0].get_pipe("causal_ner").tag_set)
    truth = np.concatenate([classes_of(doc, "ner") for doc in dev])
    mentions = np.flatnonzero(truth != OUTSIDE)
    true = np.array([labels.index(name) for name in truth])
    right = {arm: p[:, mentions, true[mentions]] for arm, p in found.items()}
    plain, causal = (right[arm] for arm in ARMS)
    gain = (causal - plain).mean(axis=0)
    at = {"gains": mentions[gain.argmax()], "loses": mentions[gain.argmin()]}
    return {
        "labels": list(labels),
        "tokens": len(mentions),
        "right": {arm: p.mean(axis=1).tolist() for arm, p in right.items()},
        "better": float((gain > 0).mean()),
        "cases": {
            name: {
                **place(dev, int(i)),
                "truth": str(truth[i]),
                "probabilities": {arm: p[:, i].tolist() for arm, p in found.items()},
            }
            for name, i in at.items()
        },
    }


def display(
    training: Sequence[Doc], dev: Sequence[Doc], *, steps: int, seeds: Sequence[int]
) -> dict[str, Any]:
    """Each label's mean P(D|do(E)) and how often it is among the K, over the tokens of
    mentions; every third label was unseen."""
    labels = sorted({ent.label_ for doc in training for ent in doc.ents})
    unseen = labels[::3]
    initial = [without_classes(doc, "ner", unseen) for doc in training]
    truth = np.concatenate([classes_of(doc, "ner") for doc in dev])
    mean_p: dict[str, list] = {name: [] for name in MODULATIONS}
    shown: dict[str, list] = {name: [] for name in MODULATIONS}
    for seed in seeds:
        nlp = pipeline({"model": PAPER["model"]}, initial, steps, seed, labels)
        component = nlp.get_pipe("causal_ner")
        scores = component.predict([bare_copy(doc) for doc in dev])
        logits = type_log_probabilities(scores.logits, component.tag_set)
        gain = information_gain(scores.attention, scores.lengths)
        asked = truth != OUTSIDE
        for name, (kind, size) in MODULATIONS.items():
            scale = noise_scale(gain, scores.lengths, modulation=kind, size=size)
            p = mean_display(logits[asked], scale[asked], seed)
            mean_p[name].append(p.mean(axis=0)[1:].tolist())
            options = {"k": K, "samples": DRAWS, "rng": default_rng(seed)}
            drawn = propensities(logits[asked], scale[asked], **options)
            shown[name].append(drawn.mean(axis=0)[1:].tolist())
    return {
        "labels": list(type_names(component.tag_set))[1:],
        "unseen": unseen,
        "k": K,
        "tokens": int(asked.sum()),
        "probability": mean_p,
        "shown": shown,
    }


def mean_display(logits: np.ndarray, scale: np.ndarray, seed: int) -> np.ndarray:
    """P(D|do(E)) averaged over draws of the noise, shape (U, T)."""
    rng, total = default_rng(seed), np.zeros(logits.shape)
    for _ in range(DRAWS):
        noise = rng.standard_normal(logits.shape, dtype=np.float32)
        total += np.exp(display_log_probabilities(logits, scale, noise))
    return total / DRAWS


def pipeline(
    component: dict[str, Any],
    docs: Sequence[Doc],
    steps: int,
    seed: int,
    labels: Sequence[str] = (),
) -> spacy.Language:
    """A head on the CNN, without interventions: the heads differ in nothing else."""
    nlp = spacy.blank("en")
    model = {**component["model"], "tok2vec": CNN}
    nlp.add_pipe("causal_ner", config={"model": model})
    for label in labels:
        nlp.get_pipe("causal_ner").add_label(label)
    return train(nlp, docs, steps=steps, batch_size=BATCH_SIZE, seed=seed)


def type_probabilities(nlp: spacy.Language, docs: Sequence[Doc]) -> np.ndarray:
    """P(type) at each token, "O" first, shape (N, T)."""
    component = nlp.get_pipe("causal_ner")
    scores = component.predict([bare_copy(doc) for doc in docs])
    return np.exp(type_log_probabilities(scores.logits, component.tag_set))


def place(docs: Sequence[Doc], number: int) -> dict[str, Any]:
    """The words around a token that is counted over all the Docs."""
    for doc in docs:
        if number < len(doc):
            return {
                "before": doc[:number].text_with_ws,
                "token": doc[number].text,
                "after": doc[number].whitespace_ + doc[number + 1 :].text,
            }
        number -= len(doc)
    raise IndexError(number)


if __name__ == "__main__":
    typer.run(main)
