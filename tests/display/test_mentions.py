"""The probability of mentions, against a loop in float64."""

import math

import numpy as np
import pytest

from spacy_causal.display.mentions import mention_probabilities


def test_mention_probabilities():
    rng = np.random.default_rng(2)
    logits = (5 * rng.normal(size=(9, 5))).astype(np.float32)
    tags = rng.integers(5, size=9)
    spans = [(0, 1), (2, 5), (5, 9), (0, 9)]
    expected = []
    for start, end in spans:
        product = 1.0
        for i in range(start, end):
            row = [math.exp(float(z)) for z in logits[i]]
            product *= row[tags[i]] / sum(row)
        expected.append(product ** (1 / (end - start)))
    got = mention_probabilities(logits, tags, spans)
    assert got.dtype == np.float32
    assert got == pytest.approx(expected, rel=1e-5)


def test_of_nothing():
    none = mention_probabilities(np.zeros((0, 3), "f"), np.zeros(0, int), [])
    assert none.shape == (0,)


def test_probabilities_too_small_for_a_float():
    logits = np.array([[0, 400.0], [0, 400.0]], dtype=np.float32)
    got = mention_probabilities(logits, np.array([0, 1]), [(0, 2)])
    assert got == pytest.approx([math.exp(-200)])
