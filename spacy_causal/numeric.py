"""Array functions without state, on numpy or cupy alike."""

from thinc.types import Floats1d, Floats2d
from thinc.util import get_array_module


def log_softmax(logits: Floats2d) -> Floats2d:
    """Log-probabilities over the last axis, shape kept."""
    if not logits.size:
        return logits
    xp = get_array_module(logits)
    shifted = logits - logits.max(axis=-1, keepdims=True)
    return shifted - xp.log(xp.exp(shifted).sum(axis=-1, keepdims=True))


def softmax(logits: Floats2d) -> Floats2d:
    """Probabilities over the last axis, shape kept."""
    xp = get_array_module(logits)
    exped = xp.exp(logits - logits.max(axis=-1, keepdims=True))
    return exped / exped.sum(axis=-1, keepdims=True)


def entropy(probabilities: Floats2d) -> Floats1d:
    """Entropy in nats over the last axis; 0 · log 0 = 0."""
    xp = get_array_module(probabilities)
    positive = xp.maximum(probabilities, xp.finfo(probabilities.dtype).tiny)
    return -(probabilities * xp.log(positive)).sum(axis=-1)


def mix(first: Floats2d, second: Floats2d, weights: Floats1d) -> Floats2d:
    """λ first + (1 − λ) second.

    SeqMix (EMNLP 2020), eqs. (5) and (6).

    first, second (Floats2d): Shape (n, D).
    weights (Floats1d): λ of each row, shape (n,).
    RETURNS (Floats2d): float32, shape (n, D).
    """
    share = get_array_module(first).asarray(weights, dtype="float32")[:, None]
    return share * first + (1 - share) * second
