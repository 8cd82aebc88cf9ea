"""Pools for the combined protocol, and pipelines on frozen vectors or a CNN.

Texts that are generated in between (mixed, swapped) are read by MiniLM when a model
first sees them. MiniLM reads no interventions, so on its vectors the arm of the
deconfounded head differs by that head alone; on a CNN the encoder intervenes, too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain
from typing import Any

import numpy as np
import spacy
from active_data import COMPONENT, DATA, HASHED, read_annotated
from citisl_data import key_of
from combined_methods import Arm
from encoders import CNN, NER_MODEL, minilm
from features import add_features, pooled
from numpy.random import default_rng
from spacy.language import Language
from spacy.tokens import Doc
from spacy.util import minibatch
from thinc.api import Model

from spacy_causal.corpus.bare import bare_copy
from spacy_causal.experiments.active import Key, Look
from spacy_causal.experiments.active_simulation import create_look
from spacy_causal.experiments.fitting import fit
from spacy_causal.scorers.layers import f1_of

DRAW, BATCH = 7, 64
DROPOUT = {"frozen": 0.1, "cnn": 0.3, "bilstm": 0.3}
READ: dict[str, Any] = {"@architectures": "benchmarks.ReadVectors.v1"}
FROZEN: dict[str, Any] = {
    "@layers": "chain.v1",
    "*": {
        "vectors": READ,
        "hidden": {
            "@layers": "with_array.v1",
            "layer": {"@layers": "Maxout.v1", "nO": 128, "nI": 384, "nP": 2},
        },
    },
}
BILSTM: dict[str, Any] = {
    "@layers": "chain.v1",
    "*": {
        "words": {"@layers": "concatenate.v1", "*": {"hashed": HASHED, "read": READ}},
        "narrowed": {
            "@layers": "with_array.v1",
            "layer": {"@layers": "Maxout.v1", "nO": 128, "nI": 512, "nP": 2},
        },
        "sentences": {
            "@architectures": "spacy.TorchBiLSTMEncoder.v1",
            "width": 128,
            "depth": 1,
            "dropout": 0.0,
        },
    },
}
ON_VECTORS = {"frozen": FROZEN, "bilstm": BILSTM}
INTERVENING: dict[str, Any] = {
    "@architectures": "spacy-causal.InterveningEncoder.v1",
    "encoder": CNN,
}


class Vectors:
    """MiniLM's vectors of texts by their words, standardised."""

    def __init__(self) -> None:
        self.kept: dict[bytes, np.ndarray] = {}
        self.made: dict[bytes, np.ndarray] = {}
        self.mean, self.sd = np.zeros(384), np.ones(384)

    def keep(self, docs: Sequence[Doc], *, scale: Sequence[Doc]) -> None:
        """Take over the Docs' tensors, with mean 0 and variance 1 over some of them."""
        sample = np.concatenate([doc.tensor for doc in scale])
        self.mean, self.sd = sample.mean(axis=0), sample.std(axis=0)
        self.sd[self.sd < 1e-4] = 1
        for doc in docs:
            self.kept[key_of(doc)] = self._standard(doc.tensor)
            doc.tensor = np.zeros((0,), dtype="float32")

    def of(self, docs: Sequence[Doc]) -> list[np.ndarray]:
        """An array a Doc, shape (n, 384); MiniLM reads those that are new."""
        keys = [key_of(doc) for doc in docs]
        known = self.kept.keys() | self.made.keys()
        new = {k: doc for k, doc in zip(keys, docs, strict=True) if k not in known}
        for key, rows in zip(new, read(list(new.values())), strict=True):
            self.made[key] = self._standard(rows)
        both = (self.kept.get(key, self.made.get(key)) for key in keys)
        return [np.asarray(rows, dtype="float32") for rows in both]

    def _standard(self, rows: np.ndarray) -> np.ndarray:
        return ((rows - self.mean) / self.sd).astype("float16")


VECTORS = Vectors()


@cache
def encoder() -> Model:
    """MiniLM, loaded once."""
    nlp = spacy.blank("en")
    nlp.add_pipe("transformer", config={"model": minilm()})
    nlp.initialize()
    return nlp.get_pipe("transformer").model  # type: ignore[attr-defined]


def read(docs: Sequence[Doc]) -> list[np.ndarray]:
    """MiniLM's vectors of the tokens, wordpieces averaged."""
    found: dict[int, np.ndarray] = {}
    for batch in minibatch(sorted(range(len(docs)), key=lambda i: len(docs[i])), BATCH):
        data = encoder().predict([docs[i] for i in batch]).doc_data
        for i, doc_data in zip(batch, data, strict=True):
            found[i] = pooled(doc_data, len(docs[i]))
    return [found[i] for i in range(len(docs))]


@spacy.registry.architectures("benchmarks.ReadVectors.v1")
def build_read_vectors() -> Model:
    """`VECTORS` as a layer without weights, shape (n, 384) a Doc."""
    return Model("read_vectors", forward, dims={"nO": 384})


def forward(model: Model, docs: list[Doc], is_train: bool) -> tuple[list, Any]:
    """Look the Docs up by their words; no gradient goes further."""
    return [model.ops.asarray(rows) for rows in VECTORS.of(docs)], lambda dY: []


@dataclass(frozen=True)
class Corpus:
    """Sentences that may be bought, and others to score on.

    encoder (str): "frozen" (MiniLM's vectors, with a trained layer of 128 maxout
        units), "bilstm" (of 128 units on these vectors and hashed words) or "cnn"
        (spaCy's, from nothing).
    """

    name: str
    encoder: str
    train: list[Doc]
    test: list[Doc]

    def pool(self, sentences: int, seed: int) -> dict[str, Doc]:
        """A draw of the training sentences, another one each seed; 0 is all."""
        drawn = default_rng([seed, DRAW]).permutation(len(self.train))
        return {str(i): self.train[i] for i in drawn[: sentences or None].tolist()}

    def pipeline(self, arm: Arm) -> Language:
        """Untrained, with all labels of the training part."""
        nlp = spacy.blank("en", vocab=self.train[0].vocab)
        nlp.config["training"]["dropout"] = DROPOUT[self.encoder]
        if arm.head == "ner":
            config: dict[str, Any] = {"model": NER_MODEL | {"tok2vec": CNN}}
            nlp.add_pipe("ner", name=COMPONENT, config=config)
        else:
            causal = arm.head == "deconfounded"
            tok2vec = INTERVENING if causal else CNN
            tok2vec = ON_VECTORS.get(self.encoder, tok2vec)
            config = {"scheme": "bio", "model": arm.model(tok2vec)}
            nlp.add_pipe(COMPONENT, config=config)
        pipe: Any = nlp.get_pipe(COMPONENT)
        for label in sorted({e.label_ for doc in self.train for e in doc.ents}):
            pipe.add_label(label)
        return nlp

    def fit(
        self, arm: Arm, docs: Sequence[Doc], key: Key, steps: int | None
    ) -> Language:
        """Train from scratch.

        steps (int | None): Updates; None is what the number of Docs makes usual.
        """
        nlp = self.pipeline(arm)
        fit(nlp, COMPONENT, docs, key=key, steps=steps)
        return nlp

    def look(self, arm: Arm) -> Look:
        """What strategies see; spaCy's `ner` gives no token a distribution, and draws
        at random need none."""
        if arm.head == "ner":
            return lambda committee, docs, needs, seed: Lengths(docs)  # type: ignore[return-value]
        return create_look(COMPONENT)

    def score(self, nlp: Language) -> float:
        """Strict entity F1."""
        said = list(nlp.pipe([bare_copy(doc) for doc in self.test]))
        return f1_of(said, self.test, "ner")


@dataclass(frozen=True)
class Lengths:
    """All that a draw at random sees of a pool."""

    docs: Mapping[str, Doc]

    def lengths(self, ids: Sequence[str]) -> np.ndarray:
        """Words, shape (n,)."""
        return np.array([len(self.docs[id]) for id in ids])


def load(name: str, encoder: str, split: str) -> Corpus:
    """Read a corpus; what is scored on is the part that the split names."""
    entry, vocab = DATA[name], spacy.blank("en").vocab
    train, test = (read_annotated(entry[part], vocab) for part in ("train", split))
    if encoder in ON_VECTORS:
        add_features(train), add_features(test)
        VECTORS.keep(list(chain(train, test)), scale=train[:2000])
    return Corpus(name, encoder, train, test)
