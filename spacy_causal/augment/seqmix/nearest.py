"""The row of a table that is closest to a query, by matrix products.

‖e − q‖₂ is least where e·q − ½ ‖e‖² is greatest: SeqMix (EMNLP 2020), eq. (7).
"""

from collections.abc import Collection, Sequence

import numpy as np
from thinc.types import Floats1d, Floats2d, Ints1d

Excluded = Sequence[Collection[int]]
# Rows of scores that stay in the processor's cache while their best is looked for.
BATCH = 512


def half_norms(vectors: Floats2d) -> Floats1d:
    """½ ‖e‖² of each row, shape (V,)."""
    return (np.einsum("vd,vd->v", vectors, vectors) / 2).astype("float32")


def nearest_rows(
    queries: Floats2d, vectors: Floats2d, halves: Floats1d, excluded: Excluded
) -> Ints1d:
    """The closest row of each query, shape (Q,); of those that rounding cannot tell
    apart one of them.

    queries (Floats2d): Shape (Q, D). vectors (Floats2d): Shape (V, D).
    halves (Floats1d): Their `half_norms`.
    excluded (Excluded): Rows that are no answer, for each query.
    Raises ValueError where no row is left.
    """
    found = np.zeros(len(queries), dtype=int)
    space = np.empty((min(BATCH, len(queries)), len(vectors)), dtype=np.float32)
    for start in range(0, len(queries), BATCH):
        rows = slice(start, start + BATCH)
        batch, columns = queries[rows], excluded[rows]
        scores = np.matmul(batch, vectors.T, out=space[: len(batch)])
        scores -= halves
        scores[pairs_of(columns)] = -np.inf
        best = scores.argmax(axis=1)
        if np.isinf(scores[np.arange(len(best)), best]).any():
            raise ValueError("Every word of the token table is excluded.")
        found[rows] = best
    return found


def pairs_of(excluded: Excluded) -> tuple[Ints1d, Ints1d]:
    """Queries and rows, one of each for every row that is no answer, shape (n,)."""
    at = np.repeat(np.arange(len(excluded)), [len(each) for each in excluded])
    return at, np.array([row for each in excluded for row in each], dtype=int)
