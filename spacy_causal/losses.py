"""Soft cross-entropy: the one loss of the package."""

from thinc.types import Floats2d
from thinc.util import get_array_module

from spacy_causal.numeric import log_softmax
from spacy_causal.types import Loss


def soft_cross_entropy(logits: Floats2d, targets: Floats2d) -> Loss:
    """Cross-entropy of logits against a distribution a token, and its gradient.

    A row of zeros is a token that was not asked about: no loss, no gradient.

    logits (Floats2d): Shape (N, M).
    targets (Floats2d): Shape (N, M), rows summing to 1 or 0.
    RETURNS (tuple[float, Floats2d]): −Σ_i Σ_y t_iy log p_iy in nats, summed over
        tokens, and its derivative by the logits, shape (N, M). With t = p_σ this is
        CITISL (Findings of EMNLP 2022), eq. 3.
    """
    log_p = log_softmax(logits)
    mass = targets.sum(axis=-1, keepdims=True)
    d_logits = mass * get_array_module(logits).exp(log_p) - targets
    return float(-(targets * log_p).sum()), d_logits
