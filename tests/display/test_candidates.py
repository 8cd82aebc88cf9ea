"""Types, probabilities and the K shown, against loops in float64."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from spacy_causal.display.candidates import (
    display_log_probabilities,
    mention_probability,
    top_k,
    type_log_probabilities,
    type_names,
)
from spacy_causal.tags.scheme import PREFIXES, TagSet

LABELS = ("PER", "LOC", "ORG")


@pytest.mark.parametrize("scheme", PREFIXES)
@pytest.mark.parametrize("spread", [1, 300])
def test_type_log_probabilities(scheme, spread):
    tag_set = TagSet(scheme, LABELS)
    rng = np.random.default_rng(1)
    logits = spread * rng.normal(size=(6, len(tag_set)))
    got = type_log_probabilities(logits.astype(np.float32), tag_set)
    assert got.shape == (6, len(type_names(tag_set)))
    for row, log_p in zip(logits, got, strict=True):
        highest = max(row)
        total = sum(math.exp(x - highest) for x in row)
        for label, value in zip(type_names(tag_set), log_p, strict=True):
            own = [
                x
                for x, tag in zip(row, tag_set.names, strict=True)
                if tag == label or tag[2:] == label
            ]
            top = max(own)
            inside = top + math.log(sum(math.exp(x - top) for x in own))
            expected = inside - highest - math.log(total)
            assert value == pytest.approx(expected, rel=1e-4, abs=1e-4)


def test_the_outside_is_a_type_of_its_own_where_spans_are_marked():
    assert type_names(TagSet("bio", LABELS)) == ("O", *LABELS)
    assert type_names(TagSet("token", LABELS)) == LABELS


def test_mention_probability():
    logits = np.random.default_rng(3).normal(size=(5, 7))
    for row, got in zip(logits, mention_probability(logits), strict=True):
        weights = [math.exp(x) for x in row]
        assert got == pytest.approx(sum(weights[1:]) / sum(weights))


def test_display_probabilities():
    rng = np.random.default_rng(2)
    logits, noise = rng.normal(size=(4, 5)), rng.normal(size=(4, 5))
    scale = np.array([0.0, 1.0, -0.5, 3.0])
    got = np.exp(display_log_probabilities(logits, scale, noise))
    for i in range(4):
        weights = [math.exp(logits[i, j] + scale[i] * noise[i, j]) for j in range(5)]
        np.testing.assert_allclose(got[i], [w / sum(weights) for w in weights])


FINITE = st.floats(-100, 100, width=32)


@given(
    st.integers(0, 6).flatmap(
        lambda t: arrays("f", st.tuples(st.integers(0, 5), st.just(t)), elements=FINITE)
    ),
    st.integers(1, 8),
)
def test_top_k_is_a_stable_sort(values, k):
    got = top_k(values, k)
    expected = np.argsort(-values, axis=1, kind="stable")[:, :k]
    np.testing.assert_array_equal(got, expected)
    assert got.dtype == np.int32


def test_ties_are_in_the_order_of_labels():
    assert top_k(np.array([[1.0, 2.0, 1.0, 2.0]]), 3).tolist() == [[1, 3, 0]]
