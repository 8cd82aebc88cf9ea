"""A run of SeqMix's protocol: its pipeline, how it is trained, what it generates."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import spacy
from active_data import COMPONENT
from citisl_data import VECTORS, key_of
from encoders import CNN, LISTENER, minilm
from features import encode
from numpy.random import Generator
from spacy.language import Language
from spacy.tokens import Doc

from spacy_causal.augment.perplexity.ngram import create_ngram_perplexity
from spacy_causal.augment.seqmix.settings import SeqMixSettings
from spacy_causal.experiments.active import Augment, Key
from spacy_causal.experiments.fitting import fit
from spacy_causal.learning.augmenting import create_mixing
from spacy_causal.learning.reading import bare_copy
from spacy_causal.learning.weights import pipes_from_bytes, pipes_to_bytes
from spacy_causal.scorers.layers import f1_of

# Table 3 of the paper, and its windows.
SIZES: dict[str, dict[str, Any]] = {
    "conll2003": {"pool": 700, "first": 200, "round": 100, "window": 5, "density": 0.6},
    "webpage": {"pool": 385, "first": 85, "round": 60, "window": 4, "density": 0.5},
}
RATE = 0.2
# On frozen vectors 0.02 was worse on dev; the others as in the other protocols, with a
# tenth of the steps for MiniLM to warm up.
TRAINING: dict[str, dict[str, Any]] = {
    "frozen": {"batch": 32, "learn_rate": 0.005, "dropout": 0.1},
    "cnn": {"batch": 16, "learn_rate": 0.004, "dropout": 0.3},
    "minilm": {"batch": 16, "learn_rate": 2e-4, "dropout": 0.1},
}
VARIANTS = {"whole": "whole", "sub": "sub", "constrained": "label_constrained"}
# "screened" is "sub" with a screen in percentiles of the corpus's own perplexity. Rows
# of "ours" had that in percentiles of texts, not of words: it refused next to nothing.
MIXING = (*VARIANTS, "screened")
FROZEN: dict[str, Any] = {
    "@layers": "chain.v1",
    "*": {
        "frozen": {"@architectures": "benchmarks.FrozenVectors.v1"},
        "hidden": {
            "@layers": "with_array.v1",
            "layer": {"@layers": "Maxout.v1", "nO": 128, "nI": 384, "nP": 2},
        },
    },
}
HIDDEN, WEIGHT, ALPHA = "hidden", 0.2, 8.0
Looked = dict[Key, Language]


@dataclass
class Trial:
    """One policy and arm with one seed: its data, and what was seen on the way.

    mean, sd (np.ndarray | None): Of the frozen encoder's vectors.
    looked (dict): Models of the labelled sentences alone, which arms share.
    has_looked (bool): Whether there was a model to look at for the first sequences.
    best (float | None): The last model's F1 at the epoch that was best on dev.
    """

    data: str
    encoder: str
    arm: str
    epochs: int
    pool: dict[str, Doc]
    dev: list[Doc]
    test: list[Doc]
    mean: np.ndarray | None
    sd: np.ndarray | None
    looked: Looked
    has_looked: bool = False
    best: float | None = None

    @property
    def mixes(self) -> str:
        """The variant of the sequences that are mixed, or nothing."""
        name = self.arm.partition(" ")[0]
        return name if name in MIXING else ""

    def pipeline(self) -> Language:
        """Untrained, with all labels of the pool."""
        vocab = next(iter(self.pool.values())).vocab
        nlp = spacy.blank("en", vocab=vocab)
        nlp.config["training"]["dropout"] = TRAINING[self.encoder]["dropout"]
        if self.encoder == "minilm":
            nlp.add_pipe("transformer", config={"model": minilm()})
        tok2vec = {"frozen": FROZEN, "cnn": CNN, "minilm": LISTENER}[self.encoder]
        model = {"@architectures": "spacy-causal.LinearTagger.v1", "tok2vec": tok2vec}
        name, _, weight = self.arm.partition(" ")
        if name == HIDDEN:
            model = {
                "@architectures": "spacy-causal.HiddenMix.v1",
                "weight": float(weight or WEIGHT),
                "alpha": ALPHA,
                "labeller": model,
            }
        nlp.add_pipe(COMPONENT, config={"scheme": "bio", "model": model})
        pipe: Any = nlp.get_pipe(COMPONENT)
        for label in sorted({e.label_ for d in self.pool.values() for e in d.ents}):
            pipe.add_label(label)
        return nlp

    def fit(
        self, docs: Sequence[Doc], key: Key, before: Language | None = None
    ) -> Language:
        """So many epochs from scratch; the weights of the epoch that is best on dev are
        scored beside the last one's. Where sequences are mixed, the first model is only
        looked at: it is the one that `none` has there. A member of a committee is not
        scored either."""
        if self.mixes and not self.has_looked:
            self.has_looked = True
            if key not in self.looked:
                self.looked[key] = self.train(docs, key, scored=False)
            return self.looked[key]
        nlp = self.train(docs, key, scored=len(key) == 2)
        if self.arm == "none" and not key[1]:
            self.looked[key] = nlp
        return nlp

    def train(self, docs: Sequence[Doc], key: Key, *, scored: bool) -> Language:
        """Train from scratch.

        scored (bool): Find the epoch that is best on dev.
        """
        nlp, how = self.pipeline(), TRAINING[self.encoder]
        longer = 1 + RATE if self.arm == "updates" else 1
        epoch = -(-round(longer * len(docs)) // how["batch"])
        steps = self.epochs * epoch
        nlp.config["training"]["optimizer"]["learn_rate"] = how["learn_rate"]
        if self.encoder == "minilm":
            nlp.config["training"]["optimizer"]["learn_rate"] = {
                "@schedules": "warmup_linear.v1",
                "initial_rate": how["learn_rate"],
                "warmup_steps": steps // 10,
                "total_steps": steps * 11 // 10,
            }
        best: list[tuple[float, int, dict[str, bytes]]] = [(-1.0, 0, {})]

        def check(step: int) -> None:
            if step % epoch == 0:
                reached = self.f1(nlp, self.dev)
                if reached > best[0][0]:
                    best[0] = reached, step, pipes_to_bytes(nlp, nlp.pipe_names)

        fit(
            nlp,
            COMPONENT,
            docs,
            key=key,
            steps=steps,
            batch_size=how["batch"],
            check=check if scored else None,
        )
        _, step, weights = best[0]
        self.best = None
        if scored and step < steps:
            last = pipes_to_bytes(nlp, nlp.pipe_names)
            pipes_from_bytes(nlp, weights)
            self.best = self.f1(nlp, self.test)
            pipes_from_bytes(nlp, last)
        return nlp

    def score(self, nlp: Language) -> float:
        """Strict F1 on test after the last epoch, which may be the best one."""
        score = self.f1(nlp, self.test)
        self.best = score if self.best is None else self.best
        return score

    def f1(self, nlp: Language, docs: Sequence[Doc]) -> float:
        """Strict F1; a transformer reads texts of like length together."""
        docs = sorted(docs, key=len) if self.encoder == "minilm" else docs
        said = list(nlp.pipe([bare_copy(doc) for doc in docs]))
        return f1_of(said, docs, "ner")

    def augment(self) -> Augment | None:
        """What the arm generates; a frozen encoder reads it at once."""
        if not self.mixes:
            return None
        size = SIZES[self.data]
        mixing = create_mixing(
            COMPONENT,
            SeqMixSettings(
                variant=VARIANTS.get(self.mixes, "sub"),  # type: ignore[arg-type]
                window=size["window"],
                density=size["density"],
                rate=RATE,
                hardened=self.arm.endswith(" hard"),
            ),
            source="input" if self.encoder == "minilm" else "contextual",
            fit_screen=create_ngram_perplexity() if self.mixes == "screened" else None,
        )
        return self.read_too(mixing) if self.encoder == "frozen" else mixing

    def read_too(self, mixing: Augment) -> Augment:
        """Put the generated texts' vectors where the frozen encoder finds them."""

        def mix(labelled: Sequence[Doc], nlp: Language, rng: Generator) -> list[Doc]:
            made = mixing(labelled, nlp, rng)
            for doc, rows in zip(made, encode(made) if made else [], strict=True):
                VECTORS[key_of(doc)] = ((rows - self.mean) / self.sd).astype("float16")
            return made

        return mix
