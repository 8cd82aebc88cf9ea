"""`PoolView`: what was computed of a pool, by id."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from thinc.types import Floats1d, Floats2d, Ints1d, Ints2d

from spacy_causal.acquisition.gradients import (
    DenseGradients,
    FactorisedGradients,
    label_errors,
)
from spacy_causal.types import Gradients

Words = Callable[[int], Sequence[str]]


@dataclass
class PoolView:
    """A `View` over arrays of a whole pool, in memory or memory-mapped.

    arrays (Mapping[str, np.ndarray]): By name; rows of tokens one after the other, or
        one row a document. Passes and votes are columns.
    word_lists (Callable[[int], Sequence[str]] | None): Of the document at a place.
    keep (Any): What has to live as long as the arrays do.
    """

    ids: Sequence[str]
    document_lengths: Ints1d
    arrays: Mapping[str, np.ndarray]
    word_lists: Words | None = None
    keep: Any = field(default=None, repr=False)

    def __post_init__(self) -> None:
        self._places = {id: place for place, id in enumerate(self.ids)}
        if len(self._places) < len(self.ids):
            raise ValueError("An id of the pool is given twice.")
        self._edges = np.cumsum([0, *self.document_lengths])

    def lengths(self, ids: Sequence[str]) -> Ints1d:
        """Tokens of each document."""
        return self.document_lengths[self._at(ids)]

    def words(self, id: str) -> Sequence[str]:
        """A document's lower-case forms."""
        if self.word_lists is None:
            raise _missing("words")
        return self.word_lists(self._place(id))

    def probabilities(self, id: str) -> Floats2d:
        """P(tag) at each token, shape (T, M)."""
        return self._rows("probabilities", id)

    def hidden(self, id: str) -> Floats2d:
        """The last layer's input, shape (T, D), float32."""
        return self._rows("hidden", id).astype(np.float32)

    def embeddings(self, ids: Sequence[str]) -> Floats2d:
        """Means of `hidden` over tokens, shape (n, D); zeros for no tokens."""
        return self._array("embeddings")[self._at(ids)]

    def best(self, ids: Sequence[str]) -> Floats1d:
        """log P of the best valid sequence of tags, shape (n,), in nats."""
        return self._array("best")[self._at(ids)]

    def votes(self, id: str) -> Ints2d:
        """The committee's tags, shape (C, T)."""
        return self._rows("votes", id).T

    def samples(self, id: str) -> Ints2d:
        """The most probable tags of each pass with dropout, shape (S, T)."""
        return self._rows("samples", id).T

    def information(self, id: str) -> Floats1d:
        """I(tag; weights) at each token over the passes with dropout, shape (T,)."""
        return self._rows("information", id)

    def gradients(self, ids: Sequence[str]) -> Gradients:
        """The gradient embeddings of these documents, by rows or by factors."""
        at = self._at(ids)
        if "gradients" in self.arrays:
            rows = self.arrays["gradients"]
            every = len(at) == len(rows) and bool((np.diff(at) == 1).all())
            held = DenseGradients.of_rows(rows)
            return held if every else DenseGradients(rows, held.norms, at)
        if "probabilities" in self.arrays and "hidden" in self.arrays:
            errors = label_errors(self.arrays["probabilities"])
            return FactorisedGradients(errors, self.arrays["hidden"], self._edges, at)
        raise _missing("gradients")

    def _place(self, id: str) -> int:
        try:
            return self._places[id]
        except KeyError:
            raise ValueError(f"The pool has no document {id!r}.") from None

    def _at(self, ids: Sequence[str]) -> Ints1d:
        return np.array([self._place(id) for id in ids], dtype=np.int64)

    def _rows(self, name: str, id: str) -> np.ndarray:
        place = self._place(id)
        return self._array(name)[self._edges[place] : self._edges[place + 1]]

    def _array(self, name: str) -> np.ndarray:
        if name not in self.arrays:
            raise _missing(name)
        return self.arrays[name]


def _missing(name: str) -> ValueError:
    return ValueError(
        f"The view has no {name}: they were not requested when it was computed."
    )
