"""How probable it was that a label would be shown."""

import numpy as np
from numpy.random import Generator
from thinc.api import NumpyOps
from thinc.types import Floats1d, Floats2d

from spacy_causal.display.candidates import top_k

_OPS = NumpyOps()
_VALUES_AT_ONCE = 2**20


def propensities(
    type_logits: Floats2d, scale: Floats1d, *, k: int, samples: int, rng: Generator
) -> Floats2d:
    """P(label ∈ top K of logit + I·ε), the propensity of doubly robust estimation.

    Only the *other* labels' noise is drawn; the label's own is integrated out. It is
    shown iff it exceeds their K-th highest t, with probability Φ((logit − t) / |I|). So
    a label that may well be shown has a propensity above 0, however few the draws.

    type_logits (Floats2d): Shape (U, T).
    scale (Floats1d): I, shape (U,); where it is 0 the propensities are 0 and 1.
    samples (int): Draws of ε.
    RETURNS (Floats2d): float32, shape (U, T).
    """
    n_units, n_types = type_logits.shape
    if k >= n_types:
        return np.ones((n_units, n_types), dtype=np.float32)
    shown = np.zeros((n_units, n_types), dtype=np.float32)
    np.put_along_axis(shown, top_k(type_logits, k), 1, axis=1)
    noisy = scale != 0
    if not noisy.any():
        return shown
    logits, spread = type_logits[noisy], abs(scale[noisy])[:, None]
    total, drawn = np.zeros(logits.shape), 0
    while drawn < samples:
        n = min(samples - drawn, max(1, _VALUES_AT_ONCE // logits.size))
        noise = rng.standard_normal((n, *logits.shape), dtype=np.float32)
        threshold = highest_of_others(logits + spread * noise, k)
        total += _normal_cdf((logits - threshold) / spread).sum(axis=0)
        drawn += n
    shown[noisy] = total / samples
    return shown


def highest_of_others(values: Floats2d, k: int) -> Floats2d:
    """The K-th highest of the others, for each of T > K values, shape (..., T)."""
    n_types = values.shape[-1]
    ranked = np.partition(values, (n_types - k - 1, n_types - k), axis=-1)
    kth, next_ = ranked[..., n_types - k, None], ranked[..., n_types - k - 1, None]
    return np.where(values >= kth, next_, kth)


def _normal_cdf(x: Floats2d) -> Floats2d:
    return (1 + _OPS.erf(x / np.sqrt(2))) / 2
