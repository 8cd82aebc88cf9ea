"""Gradient embeddings of sequences, and three ways of holding N of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.random import Generator
from thinc.types import Floats1d, Floats2d, Ints1d


def label_errors(probabilities: Floats2d) -> Floats2d:
    """A = p − ŷ, where ŷ is the most probable tag as one-hot. *Shape:* (T, M)."""
    errors = np.array(probabilities)
    errors[np.arange(len(errors)), probabilities.argmax(axis=1)] -= 1
    return errors


def gradient_embedding(errors: Floats2d, hidden: Floats2d) -> Floats2d:
    """(g_x)_i = Σ_t −(ŷ_ti − p_ti) h_t, W-BADGE, eq. 4: AᵀH.

    errors (Floats2d): p − ŷ, shape (T, M). hidden (Floats2d): Shape (T, D).
    RETURNS (Floats2d): Shape (M, D), of the loss by the last layer's weights.
    """
    return errors.T @ hidden


@dataclass(frozen=True)
class CountSketch:
    """A linear map of F columns to fewer: each goes, with a random sign, to a bucket.

    Every run of `width` columns fills the buckets from a random one on. Two columns
    then meet with a chance of at most 1/width, which is all that the variance of an
    inner product depends on, and sums run over what lies side by side.

    signs (Floats1d): Shape (F,). shifts (Ints1d): Where each run begins.
    """

    width: int
    signs: Floats1d
    shifts: Ints1d

    @classmethod
    def draw(cls, n_columns: int, width: int, rng: Generator) -> "CountSketch":
        """Draw signs and shifts."""
        signs = rng.integers(2, size=n_columns) * 2 - 1
        shifts = rng.integers(width, size=-(-n_columns // width))
        return cls(width, signs.astype(np.float32), shifts)

    def __call__(self, rows: Floats2d) -> Floats2d:
        """Sketch rows, shape (n, F) → (n, width)."""
        sketch = np.zeros((len(rows), self.width), dtype=np.float32)
        for start, shift in zip(
            range(0, rows.shape[1], self.width), self.shifts, strict=True
        ):
            columns = slice(start, start + self.width)
            signed = rows[:, columns] * self.signs[columns]
            until = self.width - shift
            sketch[:, shift : shift + signed.shape[1]] += signed[:, :until]
            if signed.shape[1] > until:
                sketch[:, : signed.shape[1] - until] += signed[:, until:]
        return sketch


@dataclass(frozen=True)
class DenseGradients:
    """One row a document: g_x itself, or a sketch of it.

    rows (Floats2d): Shape (N', F). norms (Floats1d): Their squared norms, shape (N',).
    of (Ints1d | None): The N documents among the N' meant; None: all. Rows are
        multiplied where they lie, without a copy of them.
    """

    rows: Floats2d
    norms: Floats1d
    of: Ints1d | None = None

    @classmethod
    def of_rows(cls, rows: Floats2d) -> "DenseGradients":
        """With the squared norms that the rows have."""
        return cls(rows, np.einsum("nf,nf->n", rows, rows, dtype=np.float64))

    def squared_norms(self) -> Floats1d:
        """‖g_x‖², shape (N,)."""
        return self.norms if self.of is None else self.norms[self.of]

    def products(self, row: int) -> Floats1d:
        """⟨g_x, g_row⟩ for every x, shape (N,)."""
        if self.of is None:
            return self.rows @ self.rows[row]
        return (self.rows @ self.rows[self.of[row]])[self.of]


@dataclass(frozen=True)
class FactorisedGradients:
    """Tokens instead of rows: ⟨g_x, g_c⟩ = Σ_t a_t · (G_c h_t), exact and never built.

    errors (Floats2d): A of all tokens, shape (n_tokens, M).
    hidden (Floats2d): H of all tokens, shape (n_tokens, D).
    offsets (Ints1d): Where documents begin and the last ends, shape (N' + 1,).
    of (Ints1d): The N documents meant.
    """

    errors: Floats2d
    hidden: Floats2d
    offsets: Ints1d
    of: Ints1d
    tokens_at_once: int = 65536

    def squared_norms(self) -> Floats1d:
        """‖g_x‖², shape (N,)."""
        return np.array([(self._embedding(i) ** 2).sum() for i in range(len(self.of))])

    def products(self, row: int) -> Floats1d:
        """⟨g_x, g_row⟩ for every x, shape (N,)."""
        centre = self._embedding(row)
        each = np.zeros(len(self.errors) + 1)
        for start in range(0, len(self.errors), self.tokens_at_once):
            part = slice(start, start + self.tokens_at_once)
            moved = self.hidden[part].astype(np.float32, copy=False) @ centre.T
            each[part.start + 1 :][: len(moved)] = np.einsum(
                "tm,tm->t", self.errors[part], moved, dtype=np.float64
            )
        total = np.cumsum(each)[self.offsets]
        return (total[1:] - total[:-1])[self.of]

    def _embedding(self, row: int) -> Floats2d:
        start, end = self.offsets[self.of[row]], self.offsets[self.of[row] + 1]
        hidden = self.hidden[start:end].astype(np.float32, copy=False)
        return gradient_embedding(self.errors[start:end], hidden)


def embed_batch(errors: Floats2d, hidden: Floats2d, lengths: Sequence[int]) -> Floats2d:
    """The gradient embeddings of a batch as rows, shape (n, M·D).

    errors, hidden (Floats2d): Shape (N, M) and (N, D), of N tokens.
    """
    width = errors.shape[1] * hidden.shape[1]
    rows = np.empty((len(lengths), width), dtype=np.float32)
    for row, (start, end) in zip(rows, pairwise(np.cumsum([0, *lengths])), strict=True):
        out = row.reshape(errors.shape[1], hidden.shape[1])
        np.matmul(errors[start:end].T, hidden[start:end], out=out)
    return rows
