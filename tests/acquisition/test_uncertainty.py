"""Measures of uncertainty against loops and closed forms."""

import math
from collections import Counter

import numpy as np
import pytest
from array_views import random_view

from spacy_causal.acquisition import uncertainty as u
from spacy_causal.acquisition.strategies import (
    create_bald,
    create_least_confidence,
    create_mnlp,
)
from spacy_causal.numeric import entropy
from spacy_causal.types import Budget

P = np.random.default_rng(0).dirichlet(np.ones(4), size=6)
VOTES = np.random.default_rng(1).integers(3, size=(5, 7))


def test_least_confidence():
    best = np.log(P.max(axis=1)).sum()
    assert u.least_confidence(np.array([best, 0.0])) == pytest.approx(
        [1 - math.prod(max(row) for row in P), 0]
    )


def test_token_least_confidence():
    slow = sum(1 - max(row) for row in P)
    assert u.token_least_confidence(P) == pytest.approx(slow)
    assert u.token_least_confidence(P[:0]) == 0
    # Where there are no tags none is the best.
    assert u.token_least_confidence(P[:, :0]) == len(P)


def test_mnlp_does_not_grow_with_length():
    once, twice = math.log(0.5), 2 * math.log(0.5)
    scores = u.normalised_log_probability(np.array([once, twice, 0]), np.arange(1, 4))
    assert scores == pytest.approx([math.log(2), math.log(2), 0])
    assert u.normalised_log_probability(np.zeros(1), np.zeros(1, dtype=int)) == [0]


def test_token_entropy():
    slow = -sum(p * math.log(p) for row in P for p in row) / len(P)
    assert u.normalised_token_entropy(P) == pytest.approx(slow)
    assert u.normalised_token_entropy(np.full((3, 4), 0.25)) == pytest.approx(
        math.log(4)
    )
    assert u.normalised_token_entropy(np.eye(3)) == 0
    assert u.normalised_token_entropy(np.full((1, 2), 0.5)) == pytest.approx(
        math.log(2)
    )
    assert u.normalised_token_entropy(P[:0]) == 0


def test_vote_entropy():
    slow = 0.0
    for t in range(VOTES.shape[1]):
        for count in Counter(VOTES[:, t].tolist()).values():
            slow -= count / 5 * math.log(count / 5) / VOTES.shape[1]
    assert u.vote_entropy(VOTES) == pytest.approx(slow)


def test_votes_are_counted_token_by_token():
    slow = [[int((token == tag).sum()) for tag in range(3)] for token in VOTES.T]
    np.testing.assert_array_equal(u.vote_counts(VOTES), slow)


@pytest.mark.parametrize(
    "measure", [u.vote_entropy, u.sequence_disagreement, u.token_disagreement]
)
def test_nobody_disagrees_about_no_tokens(measure):
    assert measure(np.zeros((4, 0), dtype=int)) == 0


@pytest.mark.parametrize("tag", [0, 3, 200])
def test_a_unanimous_committee_has_no_entropy(tag):
    assert u.vote_entropy(np.full((3, 4), tag, dtype=np.uint8)) == 0


def test_a_committee_that_is_split_evenly():
    assert u.vote_entropy(np.array([[0, 5], [2, 1], [4, 0]])) == pytest.approx(
        math.log(3)
    )


def test_disagreement_of_passes():
    passes = np.array([[0, 1], [0, 1], [0, 2], [1, 2]])
    assert u.sequence_disagreement(passes) == 0.5
    assert u.token_disagreement(passes) == (0.25 + 0.5) / 2
    assert u.sequence_disagreement(passes[:2]) == u.token_disagreement(passes[:2]) == 0


def test_mutual_information():
    even = np.array([[[1.0, 0.0]], [[0.0, 1.0]]])
    alike = np.array([[[0.3, 0.7]], [[0.3, 0.7]]])
    for passes, expected in ((even, math.log(2)), (alike, 0)):
        found = u.mutual_information(passes.mean(0), entropy(passes).mean(0))
        assert found == pytest.approx([expected])


def test_rounding_is_no_negative_information():
    assert u.mutual_information(np.array([[0.5, 0.5]]), np.array([0.7])) == [0]


def test_bald_takes_what_passes_disagree_on():
    view = random_view([2, 2])
    view.arrays["samples"][:2] = 1
    view.arrays["samples"][2:] = np.arange(6) % 3
    view.arrays["information"][:] = [0, 0, 1, 1]
    for measure in ("sequence", "token", "information"):
        rng = np.random.default_rng(0)
        acquire = create_bald(measure=measure)
        assert acquire(view, [], view.ids, Budget(1), rng) == ["doc 1"]


def test_long_sequences_are_told_apart_though_both_are_surely_wrong():
    view = random_view([2, 3])
    view.arrays["best"] = np.array([-90.0, -80.0])
    for acquire in (create_least_confidence(), create_mnlp()):
        rng = np.random.default_rng(0)
        assert acquire(view, [], view.ids[::-1], Budget(1), rng) == ["doc 0"]
