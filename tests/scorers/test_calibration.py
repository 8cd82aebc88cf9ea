"""Calibration against scipy, closed forms, loops, and every order that ties allow."""

import math
from fractions import Fraction
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

from spacy_causal.scorers.calibration import (
    HIGHEST,
    LOWEST,
    area_under_risk_coverage,
    expected_calibration_error,
    fit_temperature,
    negative_log_likelihood,
    reliability,
    risk_coverage,
)

SEEDS = st.integers(0, 2**32 - 1)
# Confidences on the bins' edges among them, and several alike.
JUDGED = st.lists(
    st.tuples(st.sampled_from([0, 1, 3, 4, 5, 7, 8]), st.booleans()),
    min_size=1,
    max_size=6,
)


def drawn(seed, n=40, m=4, soft=False):
    rng = np.random.default_rng(seed)
    logits = 3 * rng.normal(size=(n, m))
    if soft:
        return logits, rng.dirichlet(np.full(m, 0.5), size=n)
    return logits, np.eye(m)[rng.integers(m, size=n)]


def loop_nll(logits, targets, temperature):
    total = 0.0
    for row, target in zip(logits, targets, strict=True):
        log_z = math.log(sum(math.exp(z / temperature) for z in row))
        total -= sum(
            t * (z / temperature - log_z) for z, t in zip(row, target, strict=True)
        )
    return total / len(logits)


@pytest.mark.parametrize("soft", [False, True])
def test_nll_is_its_loop(soft):
    logits, targets = drawn(3, soft=soft)
    for temperature in (0.5, 1.0, 3.0):
        expected = loop_nll(logits, targets, temperature)
        got = negative_log_likelihood(logits.astype("f"), targets, temperature)
        assert got == pytest.approx(expected, rel=1e-6)
    said = negative_log_likelihood(logits, targets)
    assert said == pytest.approx(loop_nll(logits, targets, 1.0))
    assert math.isnan(negative_log_likelihood(logits[:0], targets[:0]))


@given(SEEDS, st.booleans(), st.floats(0.3, 8))
def test_the_temperature_is_the_one_that_scipy_finds(seed, soft, scale):
    logits, targets = drawn(seed, soft=soft)
    # Some are right, so that neither end is the best.
    logits = scale * (logits + 2 * targets)

    def nll(log_t):
        said = log_softmax(logits / math.exp(log_t), axis=1)
        return -(targets * said).sum(axis=1).mean()

    ends = (math.log(LOWEST), math.log(HIGHEST))
    found = minimize_scalar(nll, bounds=ends, method="bounded", options={"xatol": 1e-9})
    mine = fit_temperature(logits, targets)
    assert nll(math.log(mine)) <= found.fun + 1e-12
    assert math.log(mine) == pytest.approx(found.x, abs=1e-3)


@given(st.integers(51, 99), st.floats(0.2, 6))
def test_two_classes_in_closed_form(right, logit):
    """q of them right at a margin z: T = z / log(q / (1 − q)), within the bounds."""
    logits = np.tile([logit, 0.0], (100, 1))
    targets = np.array([[1.0, 0.0]] * right + [[0.0, 1.0]] * (100 - right))
    expected = logit / math.log(right / (100 - right))
    expected = min(max(expected, LOWEST), HIGHEST)
    assert fit_temperature(logits, targets) == pytest.approx(expected, rel=1e-7)


def test_ends_and_nothing():
    sure = 5 * np.eye(3)
    assert fit_temperature(sure, np.eye(3)) == pytest.approx(0.05)
    assert fit_temperature(sure, np.roll(np.eye(3), 1, axis=1)) == pytest.approx(20)
    with pytest.raises(ValueError, match="No token"):
        fit_temperature(sure[:0], sure[:0])


def test_huge_logits_stay_finite():
    logits, targets = drawn(1)
    found = fit_temperature(1000 * (logits + targets), targets)
    assert found == pytest.approx(HIGHEST)
    assert math.isfinite(negative_log_likelihood(1000 * logits, targets))


def test_fifteen_bins_and_a_sum_that_is_rounded_up():
    bins = reliability(np.array([1.0, 1 + 1e-6]), np.array([1, 0]))
    assert bins.count.tolist() == [0] * 14 + [2]


def exact_ece(judged, n_bins, parts):
    """Counted in fractions: bin k has confidences in (k/B, (k+1)/B], the first 0."""
    total = Fraction(0)
    for k in range(n_bins):
        low, high = Fraction(k, n_bins), Fraction(k + 1, n_bins)
        inside = [
            (Fraction(c, parts), right)
            for c, right in judged
            if low < Fraction(c, parts) <= high or (k == 0 and c == 0)
        ]
        if inside:
            gap = sum(right - c for c, right in inside)
            total += abs(gap) / len(judged)
    return total


@given(JUDGED, st.sampled_from([1, 2, 4, 8, 16]))
def test_ece_is_counted_in_fractions(judged, n_bins):
    confidence = np.array([c / 8 for c, _ in judged])
    correct = np.array([right for _, right in judged], dtype=float)
    bins = reliability(confidence, correct, n_bins)
    assert bins.count.sum() == len(judged)
    expected = float(exact_ece(judged, n_bins, 8))
    assert expected_calibration_error(bins) == pytest.approx(expected, abs=1e-12)


def test_ece_by_hand():
    """Two of (0.5, 1], mean 0.8, one right; one of [0, 0.5], 0.2, wrong."""
    bins = reliability(np.array([0.7, 0.9, 0.2]), np.array([1, 0, 0]), 2)
    assert bins.count.tolist() == [1, 2]
    assert bins.confidence == pytest.approx([0.2, 0.8])
    assert bins.accuracy == pytest.approx([0, 0.5])
    assert expected_calibration_error(bins) == pytest.approx((0.2 + 2 * 0.3) / 3)
    assert math.isnan(expected_calibration_error(reliability(np.zeros(0), np.zeros(0))))


@given(JUDGED)
def test_risk_is_the_mean_over_every_order_by_confidence(judged):
    confidence = np.array([c / 8 for c, _ in judged])
    correct = np.array([right for _, right in judged], dtype=float)
    curves = []
    for order in permutations(range(len(judged))):
        said = confidence[list(order)]
        if (np.diff(said) <= 0).all():
            errors = [1 - correct[i] for i in order]
            curves.append([sum(errors[:k]) / k for k in range(1, len(errors) + 1)])
    expected = np.mean(curves, axis=0)
    risk = risk_coverage(confidence, correct)
    assert risk == pytest.approx(expected)
    assert area_under_risk_coverage(risk) == pytest.approx(np.mean(expected))


def test_risk_by_hand():
    """Right, wrong, right, by confidence: 0, 1/2, 1/3."""
    risk = risk_coverage(np.array([0.2, 0.9, 0.5]), np.array([1, 1, 0]))
    assert risk == pytest.approx([0, 1 / 2, 1 / 3])
    assert area_under_risk_coverage(risk) == pytest.approx((1 / 2 + 1 / 3) / 3)
    assert len(risk_coverage(np.zeros(0), np.zeros(0))) == 0
    assert math.isnan(area_under_risk_coverage(np.zeros(0)))
