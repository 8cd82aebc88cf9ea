"""A component that scores tokens, with the seam between its encoder and its head."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np
from numpy.random import Generator
from spacy.language import Language
from spacy.pipeline.tagger import Tagger
from spacy.tokens import Doc
from thinc.api import Model, set_dropout_rate
from thinc.types import Floats2d
from torch import Tensor, nn
from torch.nn import functional

from spacy_causal.corpus.bare import bare_copy
from spacy_causal.learning.pool.transformers import find_transformers
from spacy_causal.learning.reading import read_upstream
from spacy_causal.learning.seeding import seeded
from spacy_causal.ml.head import module_of
from spacy_causal.ml.tagger import own_positions
from spacy_causal.numeric import softmax
from spacy_causal.pipeline.token_labeller import TokenLabeller
from spacy_causal.tags.scheme import TagSet
from spacy_causal.types import TokenScores

Head = Callable[[Floats2d, int], TokenScores]
VALUES_AT_ONCE = 2**24


class Labeller:
    """A pipeline's `causal_ner`, `causal_tagger` or spaCy's `tagger`.

    Raises ValueError for any other component, or a name that the pipeline has not.
    """

    def __init__(self, nlp: Language, component: str):
        if component not in nlp.pipe_names:
            found = ", ".join(nlp.pipe_names) or "empty"
            raise ValueError(f"No component {component!r}: the pipeline is {found}.")
        self.nlp, self.component = nlp, component
        self.pipe: Any = nlp.get_pipe(component)
        if not isinstance(self.pipe, TokenLabeller | Tagger):
            kind = nlp.get_pipe_meta(component).factory
            raise ValueError(
                f"{component!r} is a {kind!r}: a causal_ner, causal_tagger or tagger "
                "is expected, which gives each token a distribution."
            )
        self.encoder: Model = self.pipe.model.get_ref("tok2vec")
        self.transformers = find_transformers(nlp, component)

    @property
    def names(self) -> tuple[str, ...]:
        """What the columns of its logits stand for."""
        tag_set = self.tag_set
        return tuple(self.pipe.labels) if tag_set is None else tag_set.names

    @property
    def tag_set(self) -> TagSet | None:
        """Its scheme, where it has one."""
        is_ours = isinstance(self.pipe, TokenLabeller)
        return self.pipe.tag_set if is_ours else None

    @property
    def drops_in_encoder(self) -> bool:
        """Whether the first dropout is inside its own encoder."""
        return any("dropout_rate" in node.attrs for node in self.encoder.walk())

    def prepare(self, texts: Sequence[str | Doc]) -> list[Doc]:
        """Docs of its pipeline's own: the words, and vectors that came with them."""
        return [self._prepare(text) for text in texts]

    def read(self, docs: Sequence[Doc]) -> list[Doc]:
        """The Docs after the pipes before it."""
        return read_upstream(self.nlp, self.component, docs)

    def score(self, docs: Sequence[Doc]) -> tuple[TokenScores, Floats2d, Head]:
        """One pass: what it says, its encoder's vectors (N, D), and its head.

        Raises ValueError when what it reads is all zeros, or what it says no number.
        """
        vectors, head = self._encode(docs, is_train=False), self._head(docs)
        if vectors.size and not vectors.any():
            raise ValueError(
                f"All that {self.component!r} reads is zeros: is the pipe that it "
                "listens to in the pipeline, before it, and initialised?"
            )
        scores = head(vectors, 1)
        if not self.pipe.model.ops.xp.isfinite(scores.logits).all():
            raise ValueError(f"{self.component!r} gives NaN or infinity.")
        return scores, vectors, head

    def sample(
        self,
        docs: Sequence[Doc],
        vectors: Floats2d,
        head: Head,
        *,
        samples: int,
        dropout: float,
        seed: int,
    ) -> Iterator[np.ndarray]:
        """Passes with dropout, as probabilities, some at once: shape (s, N, M). Only
        what comes after the first dropout is run again."""
        with _head_dropout(self.pipe.model, dropout), seeded(self.nlp, [seed]) as rng:
            if self.drops_in_encoder:
                with _training_dropout(self.encoder, dropout):
                    for _ in range(samples):
                        passed = self._encode(docs, is_train=True)
                        yield self._passes(passed, head, 1, dropout, rng)
                return
            at_once = max(1, VALUES_AT_ONCE // max(vectors.size, 1))
            for done in range(0, samples, at_once):
                n = min(at_once, samples - done)
                yield self._passes(vectors, head, n, dropout, rng)

    def _prepare(self, text: str | Doc) -> Doc:
        if isinstance(text, str):
            return self.nlp.make_doc(text)
        doc = bare_copy(text, self.nlp.vocab)
        doc.tensor = text.tensor
        return doc

    def _passes(
        self, vectors: Floats2d, head: Head, n: int, dropout: float, rng: Generator
    ) -> np.ndarray:
        limit = round(dropout * 2**16)
        drawn = rng.integers(2**16, size=(n, *vectors.shape), dtype=np.uint16)
        kept = self.pipe.model.ops.asarray(drawn >= limit)
        stacked = (vectors * kept / (1 - dropout)).reshape(-1, vectors.shape[1])
        logits = head(stacked.astype("float32"), n).logits
        rows = self.pipe.model.ops.to_numpy(softmax(logits))
        return rows.reshape(n, len(vectors), -1)

    def _encode(self, docs: Sequence[Doc], *, is_train: bool) -> Floats2d:
        each, _ = self.encoder(list(docs), is_train)
        return self.pipe.model.ops.xp.vstack([part for part in each if len(part)])

    def _head(self, docs: Sequence[Doc]) -> Head:
        model, lengths = self.pipe.model, [len(doc) for doc in docs]
        if isinstance(self.pipe, TokenLabeller):
            own = own_positions(model, docs)
            return partial(_causal_head, model, own, lengths)
        return partial(_linear_head, model.get_ref("softmax"), lengths)


def _causal_head(
    model: Model, own: Any, lengths: list[int], vectors: Floats2d, n: int
) -> TokenScores:
    tiled = model.ops.xp.tile(own, n)
    return model.get_ref("output_layer").predict((vectors, tiled, lengths * n))


def _linear_head(
    layer: Model, lengths: list[int], vectors: Floats2d, n: int
) -> TokenScores:
    logits = vectors @ layer.get_param("W").T + layer.get_param("b")
    return TokenScores(logits, vectors, None, lengths * n)


class _AlwaysDropout(nn.Module):
    """Dropout in evaluation too."""

    def __init__(self, rate: float):
        super().__init__()
        self.rate = rate

    def forward(self, X: Tensor) -> Tensor:
        return functional.dropout(X, self.rate, training=True)


@contextmanager
def _head_dropout(model: Model, rate: float) -> Iterator[None]:
    """A head's own dropout, where it has one, at a rate, the rest as in prediction."""
    layer = model.get_ref("output_layer")
    head: Any = module_of(layer) if layer.shims else None
    if not hasattr(head, "dropout"):
        yield
        return
    own, head.dropout = head.dropout, _AlwaysDropout(rate)
    try:
        yield
    finally:
        head.dropout = own


@contextmanager
def _training_dropout(encoder: Model, rate: float) -> Iterator[None]:
    """Dropout at a rate, and no intervention on the words that are read."""
    nodes = list(encoder.walk())
    rates = [(n, n.attrs["dropout_rate"]) for n in nodes if "dropout_rate" in n.attrs]
    functions = [(node, node._func) for node in nodes]
    set_dropout_rate(encoder, rate)
    for node, function in functions:
        if "set_interventions" in node.attrs and isinstance(function, partial):
            node._func = function.keywords["encode"]
    try:
        yield
    finally:
        for node, function in functions:
            node._func = function
        for node, before in rates:
            node.attrs["dropout_rate"] = before
