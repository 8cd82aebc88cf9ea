"""F1, ACE, RI and their intervals against slow references."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.random import default_rng

from spacy_causal.effects.ace import (
    CHUNK,
    average_causal_effects,
    f1,
    interval,
    resample,
)
from spacy_causal.scorers.tokens import prf

counts = st.tuples(*[st.integers(0, 30)] * 3).map(lambda c: (min(c), *c[1:]))


@given(st.lists(counts, min_size=1, max_size=5))
def test_f1_is_the_scorers(rows):
    for value, row in zip(f1(np.array(rows)), rows, strict=True):
        expected = prf(*row)["f"]
        if expected is None:
            assert math.isnan(value)
        else:
            assert value == pytest.approx(expected)


def test_f1_of_counts_in_any_shape():
    assert f1(np.array([0, 1, 0])) == f1(np.array([0, 0, 1])) == 0
    rows = default_rng(0).integers(1, 9, size=(2, 4, 3))
    slow = [[2 * m / (p + g) for m, p, g in part] for part in rows.tolist()]
    np.testing.assert_allclose(f1(rows), slow)


def test_signs():
    ace = average_causal_effects(*np.array([[0.8, 0.8], [0.7, 0.1], [0.1, 0.7]]))
    np.testing.assert_allclose(ace.context, [-0.1, -0.7])
    np.testing.assert_allclose(ace.entity, [-0.7, -0.1])
    np.testing.assert_allclose(ace.relative, [0.6, -0.6])


@pytest.mark.parametrize("samples", [0, 1, CHUNK, CHUNK + 3])
def test_resampled_sums_are_of_drawn_documents(samples):
    counts = default_rng(0).integers(0, 9, size=(6, 2, 3))
    sums = resample(counts, samples, default_rng(1))
    assert sums.shape == (samples, 2, 3)
    rng = default_rng(1)
    slow = []
    for start in range(0, samples, CHUNK):
        size = min(CHUNK, samples - start)
        for times in rng.multinomial(6, [1 / 6] * 6, size=size):
            drawn = [i for i, n in enumerate(times) for _ in range(n)]
            assert len(drawn) == 6
            slow.append(sum(counts[i] for i in drawn))
    np.testing.assert_array_equal(sums, np.array(slow).reshape(samples, 2, 3))


def test_an_interval_covers_as_often_as_it_says():
    """Of a mean, where theory says how wide it is."""
    values = default_rng(0).normal(size=(400, 1))
    low, high = interval(resample(values, 4000, default_rng(1)) / 400)
    width = 2 * 1.96 * values.std() / 20
    assert high[0] - low[0] == pytest.approx(width, rel=0.06)


def test_an_interval_leaves_out_as_much_at_either_end():
    low, high = interval(np.arange(101.0)[:, None], level=0.5)
    np.testing.assert_allclose([low, high], [[25], [75]])


def test_samples_with_nothing_to_measure_are_left_out():
    nan = float("nan")
    low, high = interval(np.array([[nan, 1.0], [nan, nan], [nan, 3.0]]), level=1.0)
    np.testing.assert_array_equal(low, [nan, 1.0])
    np.testing.assert_array_equal(high, [nan, 3.0])
    assert np.isnan(interval(np.zeros((0, 2)))).all()
