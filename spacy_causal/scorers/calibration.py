"""How far a probability says what it should, and the temperature that helps: arrays in,
arrays out, in float64."""

from typing import NamedTuple

import numpy as np
from thinc.types import Floats1d, Floats2d, Ints1d

from spacy_causal.numeric import log_softmax, softmax

# Beyond these a temperature says that there was nothing, or all, to be sure of.
LOWEST, HIGHEST = 0.05, 20.0
HALVINGS = 60
N_BINS = 15


class Bins(NamedTuple):
    """Reliability by bins of equal width over [0, 1], each of shape (B,).

    count (Ints1d): How many values have their confidence in (k/B, (k+1)/B]; the first
        bin also holds 0.
    confidence, accuracy (Floats1d): Their means; 0 in an empty bin.
    """

    count: Ints1d
    confidence: Floats1d
    accuracy: Floats1d


def negative_log_likelihood(
    logits: Floats2d, targets: Floats2d, temperature: float = 1.0
) -> float:
    """Mean −Σ_m t_m log softmax(logit / T)_m in nats; NaN without rows.

    logits, targets (Floats2d): Shape (N, M); a target row sums to 1.
    """
    if not len(logits):
        return np.nan
    log_p = log_softmax(np.asarray(logits, dtype=float) / temperature)
    return float(-(targets * log_p).sum(axis=1).mean())


def fit_temperature(logits: Floats2d, targets: Floats2d) -> float:
    """The T in [0.05, 20] with the least NLL of softmax(logit / T): temperature scaling
    (Guo et al., "On Calibration of Modern Neural Networks", ICML 2017).

    The NLL is convex in β = 1/T, with the slope E_p[logit] − E_t[logit], means over
    rows: the bracket is halved until it is as narrow as floats are.

    logits, targets (Floats2d): Shape (N, M); a target row sums to 1.
    Raises ValueError without rows.
    """
    if not len(logits):
        raise ValueError("No token has a target to fit a temperature to.")
    z = np.asarray(logits, dtype=float)
    # The difference of two large means would be lost to rounding.
    z = z - z.max(axis=1, keepdims=True)
    wanted = (targets * z).sum(axis=1).mean()
    low, high = 1 / HIGHEST, 1 / LOWEST
    for _ in range(HALVINGS):
        beta = (low + high) / 2
        slope = (softmax(beta * z) * z).sum(axis=1).mean() - wanted
        low, high = (beta, high) if slope < 0 else (low, beta)
    return float(1 / high)


def reliability(confidence: Floats1d, correct: Floats1d, n_bins: int = N_BINS) -> Bins:
    """Confidence against accuracy by bins of equal width.

    confidence (Floats1d): In [0, 1], shape (N,).
    correct (Floats1d): 1 where right, 0 where wrong, shape (N,).
    """
    places = np.ceil(np.asarray(confidence, dtype=float) * n_bins).astype(int) - 1
    # float32's probabilities may sum to a little more than 1.
    places = places.clip(0, n_bins - 1)
    count = np.bincount(places, minlength=n_bins)
    sums = [np.bincount(places, x, minlength=n_bins) for x in (confidence, correct)]
    means = [s / np.maximum(count, 1) for s in sums]
    return Bins(count, *means)


def expected_calibration_error(bins: Bins) -> float:
    """ECE = Σ_b (n_b / N) |accuracy_b − confidence_b|; NaN of nothing.

    Naeini et al., "Obtaining Well Calibrated Probabilities Using Bayesian Binning",
    AAAI 2015.
    """
    total = bins.count.sum()
    if not total:
        return np.nan
    gaps = abs(bins.accuracy - bins.confidence)
    return float((bins.count * gaps).sum() / total)


def risk_coverage(confidence: Floats1d, correct: Floats1d) -> Floats1d:
    """The share of errors among the k most confident, for k = 1 … N, shape (N,); the
    expected one where confidences are equal and any order would do.

    Geifman and El-Yaniv, "Selective Classification for Deep Neural Networks", NeurIPS
    2017.
    """
    levels, level = np.unique(confidence, return_inverse=True)
    size = np.bincount(level, minlength=len(levels))
    wrong = np.bincount(level, 1 - np.asarray(correct, float), minlength=len(levels))
    each = np.repeat((wrong / size)[::-1], size[::-1])
    return np.cumsum(each) / np.arange(1, len(each) + 1)


def area_under_risk_coverage(risk: Floats1d) -> float:
    """AURC: the mean of the curve over its N coverages; NaN of nothing."""
    return float(np.mean(risk)) if len(risk) else np.nan
