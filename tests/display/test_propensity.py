"""The probability of being shown: closed forms, and shown labels counted."""

from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_causal.display.propensity import highest_of_others, propensities


def estimate(logits, scale, k, samples=4000):
    logits, scale = np.array(logits, dtype="f"), np.array(scale, dtype="f")
    rng = np.random.default_rng(0)
    return propensities(logits, scale, k=k, samples=samples, rng=rng)


@pytest.mark.parametrize("gap", [-2.0, 0.0, 0.3, 1.5])
@pytest.mark.parametrize("scale", [0.5, 1.0, -2.0])
def test_two_labels_one_shown(gap, scale):
    """a + s ε_a > b + s ε_b with probability Φ((a − b) / (√2 s))."""
    expected = NormalDist().cdf(gap / (2**0.5 * abs(scale)))
    got = estimate([[gap, 0.0]], [scale], k=1)
    np.testing.assert_allclose(got, [[expected, 1 - expected]], atol=0.015)


def test_labels_counted_one_draw_after_the_other():
    logits, scale, k = [2.0, 1.0, 0.5, -1.0, -1.0], 1.5, 2
    rng, counts = np.random.default_rng(7), np.zeros(5)
    for _ in range(20_000):
        noisy = [x + scale * rng.normal() for x in logits]
        for label in sorted(range(5), key=lambda i: -noisy[i])[:k]:
            counts[label] += 1
    got = estimate([logits], [scale], k=k)
    np.testing.assert_allclose(got[0], counts / 20_000, atol=0.015)


def test_without_noise_it_is_one_or_zero_exactly():
    got = estimate([[1, 1, 0, 1], [1, 1, 0, 1]], [0, 1], k=2)
    assert got[0].tolist() == [1, 1, 0, 0]
    assert (got[1] > 0).all()
    assert (got[1] < 1).all()


@pytest.mark.parametrize("k", [2, 3])
def test_all_labels_shown(k):
    assert estimate([[5, -5]], [1], k=k).tolist() == [[1, 1]]


def test_few_draws_leave_no_likely_label_at_zero():
    assert (estimate([[3, 0, 0]], [1], k=1, samples=1) > 0).all()


def test_no_units():
    assert estimate(np.zeros((0, 4)), [], k=2).shape == (0, 4)


class Counted:
    """A generator that keeps how many draws it was asked for at a time."""

    def __init__(self):
        self.rng, self.asked = np.random.default_rng(0), []

    def standard_normal(self, size, dtype):
        self.asked.append(size[0])
        return self.rng.standard_normal(size, dtype=dtype)


@pytest.mark.parametrize("at_once,parts", [(10, [1] * 501), (30, [2] * 250 + [1])])
def test_many_units_are_drawn_in_parts(monkeypatch, at_once, parts):
    logits, scale, rng = np.zeros((3, 4), dtype="f"), np.ones(3, dtype="f"), Counted()
    whole = estimate(logits, scale, k=1, samples=501)
    monkeypatch.setattr("spacy_causal.display.propensity._VALUES_AT_ONCE", at_once)
    got = propensities(logits, scale, k=1, samples=501, rng=rng)
    np.testing.assert_allclose(got, whole, rtol=1e-6)
    np.testing.assert_allclose(got, 0.25, atol=0.06)
    assert rng.asked == parts


def test_the_labels_own_noise_is_integrated_out():
    rng = np.random.default_rng(4)
    logits, scale = rng.normal(size=(2, 4)).astype("f"), np.array([0.5, -2], dtype="f")
    noise = np.random.default_rng(0).standard_normal((3, 2, 4), dtype="f")
    expected = np.zeros((2, 4))
    for u, label in np.ndindex(2, 4):
        spread = abs(float(scale[u]))
        for drawn in noise[:, u]:
            noisy = logits[u] + spread * drawn
            second = sorted(np.delete(noisy, label))[-2]
            gap = (logits[u, label] - second) / spread
            expected[u, label] += NormalDist().cdf(gap) / 3
    got = propensities(
        type_logits=logits, scale=scale, k=2, samples=3, rng=np.random.default_rng(0)
    )
    np.testing.assert_allclose(got, expected, atol=1e-5)


@given(st.lists(st.integers(-9, 9), min_size=2, max_size=7), st.data())
def test_the_kth_highest_of_the_others(values, data):
    k = data.draw(st.integers(1, len(values) - 1))
    got = highest_of_others(np.array(values, dtype=float), k)
    for i, threshold in enumerate(got):
        others = sorted(values[:i] + values[i + 1 :], reverse=True)
        assert threshold == others[k - 1]


@given(st.integers(0, 3), st.integers(1, 5), st.integers(1, 6))
def test_shapes_and_sums(n_units, n_types, k):
    rng = np.random.default_rng(n_units)
    got = estimate(rng.normal(size=(n_units, n_types)), np.ones(n_units), k, 800)
    assert got.shape == (n_units, n_types)
    assert got.dtype == np.float32
    assert ((got >= 0) & (got <= 1)).all()
    np.testing.assert_allclose(got.sum(axis=1), min(k, n_types), atol=0.15)
