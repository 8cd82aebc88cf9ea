"""Doubly robust rows (Dudík et al., 2011): their loss, and what cutting costs."""

import numpy as np
import pytest

from spacy_causal.learning.answers import Answer
from spacy_causal.learning.feedback import (
    doubly_robust_rows,
    doubly_robust_uncut,
    targets_of,
)
from spacy_causal.losses import soft_cross_entropy
from spacy_causal.tags.scheme import TagSet


@pytest.mark.parametrize("answered", [0.0, 1.0])
def test_doubly_robust_rows_give_the_doubly_robust_loss(answered):
    rng = np.random.default_rng(1)
    logits, propensity = rng.normal(size=(4, 5)), np.full(4, 0.3)
    imputed, observed = rng.dirichlet(np.ones(5), 4), np.eye(5)[[0, 3, 2, 2]]

    def loss(rows):
        return soft_cross_entropy(logits, rows)[0]

    weight = answered / 0.3
    formula = loss(imputed) + weight * (loss(observed) - loss(imputed))
    rows = doubly_robust_uncut(imputed, observed, np.full(4, answered), propensity)
    assert loss(rows) == pytest.approx(formula)


def test_without_weights_above_one_nothing_is_cut():
    rng = np.random.default_rng(1)
    arrays = rng.dirichlet(np.ones(5), 4), np.eye(5)[[0, 3, 2, 2]]
    args = *arrays, np.ones(4), np.full(4, 0.3)
    uncut = doubly_robust_uncut(*args, clip=0.8)
    cut = doubly_robust_rows(*args, clip=0.8)
    np.testing.assert_allclose(cut, uncut, atol=1e-6)


def test_uncut_doubly_robust_rows_are_unbiased_whatever_is_imputed():
    rng = np.random.default_rng(2)
    imputed, observed = rng.dirichlet(np.ones(5), 4), np.eye(5)[[0, 3, 2, 2]]
    p = np.array([0.1, 0.5, 0.9, 1.0])
    asked, not_asked = (
        doubly_robust_uncut(imputed, observed, np.full(4, a), p) for a in (1.0, 0.0)
    )
    mean = p[:, None] * asked + (1 - p[:, None]) * not_asked
    np.testing.assert_allclose(mean, observed, atol=1e-12)


def test_cut_doubly_robust_rows_of_a_sure_observation_are_the_observation():
    imputed, observed = np.array([[0.2, 0.5, 0.3]]), np.array([[1.0, 0.0, 0.0]])
    rows = doubly_robust_rows(imputed, observed, np.ones(1), np.full(1, 0.25))
    np.testing.assert_allclose(rows, observed)


def test_doubly_robust_targets_mix_in_the_imputation_below_a_clip_of_one():
    tag_set = TagSet("token", ("PER", "LOC", "ORG"))
    own, imputed = np.random.default_rng(0).dirichlet(np.ones(3), (2, 1)).astype("f")
    answer = Answer("a", 0, 1, ("PER", "LOC"), "LOC", propensities=(0.5, 0.4))
    kwargs = {"mode": "imputed", "doubly_robust": True}
    rows = targets_of([answer], tag_set, own, imputed, clip=0.5, **kwargs).rows
    np.testing.assert_allclose(rows[0], (imputed[0] + [0, 1, 0]) / 2, atol=1e-6)
    with pytest.raises(ValueError, match="need an imputation model"):
        targets_of([answer], tag_set, own, clip=0.5, **kwargs)
