"""Labels shown by chance: counted, and their probability in closed form."""

from itertools import permutations

import numpy as np
import pytest

from spacy_causal.display.exploring import explored, explored_propensities

SHOWN = np.array([[4, 0, 2]], dtype="i")


def drawn(share, n=20_000, shown=SHOWN, n_types=6):
    draws = np.random.default_rng(3).random((n, 1 + n_types), dtype="f")
    return explored(np.repeat(shown, n, axis=0), draws, share)


def test_a_share_is_drawn_from_all_but_the_first():
    last = drawn(0.5)[:, 2]
    counts = np.bincount(last, minlength=6) / len(last)
    # Label 2 is kept in half of the questions, and one of four in the others.
    np.testing.assert_allclose(counts, [0, 1 / 8, 5 / 8, 1 / 8, 0, 1 / 8], atol=0.01)


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_the_first_stay_and_no_label_stands_twice(share):
    got = drawn(share, n=500)
    assert (got[:, :2] == SHOWN[:, :2]).all()
    assert all(len(set(row)) == 3 for row in got.tolist())
    assert got.dtype == SHOWN.dtype


def test_nothing_explores_nothing():
    assert (drawn(0.0, n=50) == SHOWN).all()
    nothing = np.zeros((0, 3), dtype="i")
    assert explored(nothing, np.zeros((0, 7)), 1.0).shape == (0, 3)


def test_where_all_labels_are_shown_the_last_stays():
    got = drawn(1.0, n=50, shown=np.array([[1, 0, 2]], dtype="i"), n_types=3)
    assert (got == [1, 0, 2]).all()


def test_draws_of_zero_and_of_the_share_itself():
    zeros = np.zeros((1, 7))
    assert explored(SHOWN, zeros, 0.0).tolist() == [[4, 0, 2]]
    assert explored(SHOWN, zeros, 0.5).tolist() == [[4, 0, 1]]
    assert explored(SHOWN, zeros + 0.5, 0.5).tolist() == [[4, 0, 2]]


def test_the_first_draw_alone_says_whether_to_explore():
    draws = np.array([[0.1, *[0.9] * 6], [0.9, *[0.1] * 6]])
    got = explored(np.repeat([[4, 3, 2]], 2, axis=0), draws, 0.5)
    assert got.tolist() == [[4, 3, 0], [4, 3, 2]]


@pytest.mark.parametrize("k", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("share", [0.25, 1.0])
def test_the_propensity_is_how_often_a_label_is_shown(share, k):
    """Five labels in any order, each order as likely as its weight: by enumeration."""
    n_types = 5
    orders = list(permutations(range(n_types)))
    weights = np.random.default_rng(1).dirichlet(np.ones(len(orders)))
    top, fewer, shown = np.zeros((3, n_types))
    for order, weight in zip(orders, weights, strict=True):
        top[list(order[:k])] += weight
        fewer[list(order[: k - 1])] += weight
        shown[list(order[:k])] += weight * (1 - share)
        shown[list(order[: k - 1])] += weight * share
        for label in order[k - 1 :]:
            shown[label] += weight * share / (n_types - k + 1)
    got = explored_propensities(top[None], fewer[None], k, share)
    np.testing.assert_allclose(got[0], shown, rtol=1e-12)
    assert got.sum() == pytest.approx(k)


def test_all_labels_shown_are_shown():
    ones = np.ones((2, 3))
    assert (explored_propensities(ones, ones, 3, 0.5) == 1).all()
    assert (explored_propensities(ones, ones, 4, 0.5) == 1).all()
    assert (explored_propensities(ones, ones, 5, 0.5) == 1).all()
