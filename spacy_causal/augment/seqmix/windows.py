"""Where a sequence may be mixed: windows dense in valid labels."""

import numpy as np
from thinc.types import Ints1d


def eligible_windows(
    valid: np.ndarray, usable: np.ndarray, size: int, density: float
) -> Ints1d:
    """The starts of all windows with η ≥ η0, the last one of the sequence too.

    SeqMix (EMNLP 2020), section 3.2: η = n / s, n valid labels among s tokens.

    valid (np.ndarray): bool, shape (T,), whether a token's label is valid.
    usable (np.ndarray): bool, shape (T,); a window holds no token that is not.
    RETURNS (Ints1d): Ascending.
    """
    if not 1 <= size <= len(valid):
        return np.zeros(0, dtype=int)
    n_valid, n_usable = _sums(valid, size), _sums(usable, size)
    dense = n_valid >= density * size - 1e-9
    return np.flatnonzero(dense & (n_usable == size))


def _sums(values: np.ndarray, size: int) -> Ints1d:
    """How many are true in each window."""
    total = np.concatenate([[0], np.cumsum(values)])
    return total[size:] - total[:-size]
