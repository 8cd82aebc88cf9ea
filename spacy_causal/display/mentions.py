"""How probable the mentions are that a component found."""

from collections.abc import Sequence

import numpy as np
from thinc.types import Floats1d, Floats2d, Ints1d

from spacy_causal.numeric import log_softmax


def mention_probabilities(
    logits: Floats2d, tags: Ints1d, spans: Sequence[tuple[int, int]]
) -> Floats1d:
    """The geometric mean of P(tag) over a mention's tokens, for its tags as decoded.

    Their product would be the probability of these tags if tokens were independent.
    They are not, and at a fitted temperature the mean was nearer to the share that is
    right (benchmarks/findings/calibration.md).

    logits (Floats2d): Shape (N, M).
    tags (Ints1d): Of each token, shape (N,).
    spans (Sequence[tuple[int, int]]): U half-open ones on the N tokens, none empty.
    RETURNS (Floats1d): float32, shape (U,).
    """
    each = log_softmax(logits)[np.arange(len(tags)), tags]
    total = np.concatenate([[0.0], np.cumsum(each, dtype=float)])
    starts, ends = np.array(spans, dtype=int).reshape(-1, 2).T
    means = (total[ends] - total[starts]) / (ends - starts)
    return np.exp(means).astype(np.float32)
