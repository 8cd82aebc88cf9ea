"""ACE and RI from F1, and intervals by the bootstrap: arrays in, arrays out."""

from typing import NamedTuple

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Counts = NDArray[np.int64] | Floats

# Documents are drawn for this many samples at a time.
CHUNK = 50


class Ace(NamedTuple):
    """Average causal effects on F1 and their difference, arrays of one shape."""

    context: Floats
    entity: Floats
    relative: Floats


def f1(counts: Counts) -> Floats:
    """F1 of (matched, predicted, gold), shape (..., 3) to (...); NaN where nothing was
    predicted and nothing was there to find."""
    matched, predicted, gold = np.moveaxis(np.asarray(counts, dtype=float), -1, 0)
    total = predicted + gold
    return np.divide(
        2 * matched, total, out=np.full(total.shape, np.nan), where=total > 0
    )


def average_causal_effects(plain: Floats, do_c0: Floats, do_e0: Floats) -> Ace:
    """ACE_C = F1(do(c0)) − F1, ACE_E = F1(do(e0)) − F1, RI = ACE_C − ACE_E; the higher
    RI, the more the model reads entities (CFGen, EMNLP 2020, eqs. 3 and 4).

    plain, do_c0, do_e0 (Floats): F1 as it is, with the context emptied and with the
        entities emptied, of one shape.
    """
    context, entity = do_c0 - plain, do_e0 - plain
    return Ace(context, entity, context - entity)


def resample(counts: Counts, samples: int, rng: Generator) -> Floats:
    """Sums over documents drawn with replacement, as many as there are.

    counts (Counts): What each document counts, shape (N, ...).
    samples (int): How many draws, S.
    RETURNS (Floats): Shape (S, ...).
    """
    n = len(counts)
    flat = counts.reshape(n, -1).astype(float)
    sums = [np.zeros((0, flat.shape[1]))]
    for start in range(0, samples, CHUNK):
        size = min(CHUNK, samples - start)
        times = rng.multinomial(n, np.full(n, 1 / n), size=size)
        sums.append(times.astype(float) @ flat)
    return np.concatenate(sums).reshape(samples, *counts.shape[1:])


def interval(values: Floats, level: float = 0.95) -> tuple[Floats, Floats]:
    """The percentile interval over samples, shape (S, ...) to twice (...).

    Samples that are NaN are left out; where all are, so is the interval.
    """
    low, high = np.full((2, *values.shape[1:]), np.nan)
    some = ~np.isnan(values).all(axis=0) if len(values) else np.zeros(low.shape, bool)
    if some.any():
        tails = [(1 - level) / 2, (1 + level) / 2]
        low[some], high[some] = np.nanquantile(values[:, some], tails, axis=0)
    return low, high
