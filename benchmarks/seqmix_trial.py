"""A run of SeqMix's protocol: its pipeline, how it is trained, what it generates."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import spacy
from active_data import COMPONENT
from citisl_data import VECTORS, key_of
from encoders import CNN, LISTENER, minilm
from features import encode, lend_vectors
from numpy.random import Generator
from seqmix_arms import ARMS, RATE, SIZES, Arm
from spacy.language import Language
from spacy.tokens import Doc

from spacy_causal.augment.perplexity.ngram import create_ngram_perplexity
from spacy_causal.augment.seqmix.provenance import get_mix
from spacy_causal.augment.seqmix.settings import SeqMixSettings
from spacy_causal.augment.seqmix.token_table import Source
from spacy_causal.corpus.bare import bare_copy
from spacy_causal.experiments.active import Augment, Key
from spacy_causal.experiments.fitting import fit
from spacy_causal.learning.augmenting import create_mixing
from spacy_causal.learning.weights import pipes_from_bytes, pipes_to_bytes
from spacy_causal.scorers.layers import f1_of

# On frozen vectors 0.02 was worse on dev; the others as in the other protocols, with a
# tenth of the steps for MiniLM to warm up.
TRAINING: dict[str, dict[str, Any]] = {
    "frozen": {"batch": 32, "learn_rate": 0.005, "dropout": 0.1},
    "cnn": {"batch": 16, "learn_rate": 0.004, "dropout": 0.3},
    "minilm": {"batch": 16, "learn_rate": 2e-4, "dropout": 0.1},
}
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
Looked = dict[Key, Language]


class Phase(NamedTuple):
    """So many epochs on these Docs, of so many steps each."""

    docs: Sequence[Doc]
    epochs: int
    steps: int


@dataclass
class BestEpoch:
    """The weights of the epoch that has been best on dev, and whether it was the last
    that was seen."""

    f1: float = -1.0
    weights: dict[str, bytes] = field(default_factory=dict)
    is_last: bool = False

    def see(self, nlp: Language, f1: float) -> None:
        """Keep the weights of a model that is better."""
        self.is_last = f1 > self.f1
        if self.is_last:
            self.f1, self.weights = f1, pipes_to_bytes(nlp, nlp.pipe_names)


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
    def how(self) -> Arm:
        """What the arm does."""
        return ARMS[self.arm]

    def pipeline(self) -> Language:
        """Untrained, with all labels of the pool."""
        vocab = next(iter(self.pool.values())).vocab
        nlp = spacy.blank("en", vocab=vocab)
        nlp.config["training"]["dropout"] = TRAINING[self.encoder]["dropout"]
        if self.encoder == "minilm":
            nlp.add_pipe("transformer", config={"model": minilm()})
        tok2vec = {"frozen": FROZEN, "cnn": CNN, "minilm": LISTENER}[self.encoder]
        model = {"@architectures": "spacy-causal.LinearTagger.v1", "tok2vec": tok2vec}
        if self.how.hidden is not None:
            mix = {"@architectures": "spacy-causal.HiddenMix.v1", "which": "entities"}
            model = mix | self.how.hidden | {"labeller": model}
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
        if self.how.mixing is not None and not self.has_looked:
            self.has_looked = True
            if key not in self.looked:
                plain = replace(self, arm="none")
                self.looked[key] = plain.train(docs, key, scored=False)
            return self.looked[key]
        nlp = self.train(docs, key, scored=len(key) == 2)
        if self.arm == "none" and not key[1]:
            self.looked[key] = nlp
        return nlp

    def train(self, docs: Sequence[Doc], key: Key, *, scored: bool) -> Language:
        """Train from scratch; in each phase the optimizer starts anew.

        scored (bool): Find the epoch that is best on dev.
        """
        nlp, best, phases = self.pipeline(), BestEpoch(), self.phases(docs)
        n_steps = sum(phase.epochs * phase.steps for phase in phases)
        nlp.config["training"]["optimizer"]["learn_rate"] = self.learn_rate(n_steps)
        for number, phase in enumerate(phases):
            look = partial(self.look, nlp, best, phase.steps)
            fit(
                nlp,
                COMPONENT,
                phase.docs,
                key=key,
                steps=phase.epochs * phase.steps,
                batch_size=TRAINING[self.encoder]["batch"],
                initialize=not number,
                check=look if scored else None,
            )
        self.best = None
        if scored and not best.is_last:
            last = pipes_to_bytes(nlp, nlp.pipe_names)
            pipes_from_bytes(nlp, best.weights)
            self.best = self.f1(nlp, self.test)
            pipes_from_bytes(nlp, last)
        return nlp

    def phases(self, docs: Sequence[Doc]) -> list[Phase]:
        """All epochs on all Docs, or the last ones on those that are not mixed."""
        batch = TRAINING[self.encoder]["batch"]
        clean = [doc for doc in docs if get_mix(doc) is None]
        n_clean = min(self.how.clean_epochs, self.epochs)
        steps = -(-round(self.how.longer * len(docs)) // batch)
        both = [
            Phase(docs, self.epochs - n_clean, steps),
            Phase(clean, n_clean, -(-len(clean) // batch)),
        ]
        return [phase for phase in both if phase.epochs]

    def learn_rate(self, n_steps: int) -> float | dict[str, Any]:
        """Constant; for MiniLM it rises for a tenth of the steps, and falls."""
        rate: float = TRAINING[self.encoder]["learn_rate"]
        if self.encoder != "minilm":
            return rate
        return {
            "@schedules": "warmup_linear.v1",
            "initial_rate": rate,
            "warmup_steps": n_steps // 10,
            "total_steps": n_steps * 11 // 10,
        }

    def look(self, nlp: Language, best: BestEpoch, steps: int, step: int) -> None:
        """Score a model on dev at the end of an epoch of so many steps."""
        if step % steps == 0:
            best.see(nlp, self.f1(nlp, self.dev))

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
        how, size = self.how, SIZES[self.data]
        if how.mixing is None:
            return None
        usual = {"window": size["window"], "density": size["density"], "rate": RATE}
        source: Source = "input" if self.encoder == "minilm" else "contextual"
        mixing = create_mixing(
            COMPONENT,
            SeqMixSettings(**(usual | how.mixing)),
            source=how.source or source,
            fit_screen=create_ngram_perplexity() if how.screened else None,
        )
        if how.source == "static":
            lend_vectors(list(self.pool.values()))
        return self.read_too(mixing) if self.encoder == "frozen" else mixing

    def read_too(self, mixing: Augment) -> Augment:
        """Put the generated texts' vectors where the frozen encoder finds them."""

        def mix(labelled: Sequence[Doc], nlp: Language, rng: Generator) -> list[Doc]:
            made = mixing(labelled, nlp, rng)
            for doc, rows in zip(made, encode(made) if made else [], strict=True):
                VECTORS[key_of(doc)] = ((rows - self.mean) / self.sd).astype("float16")
            return made

        return mix
