"""k-means++ seeding and the greedy cover against slow references."""

import numpy as np
import pytest
from array_views import random_view, slow_gradients

from spacy_causal.acquisition.basket import Basket
from spacy_causal.acquisition.covering import cover
from spacy_causal.acquisition.gradients import DenseGradients
from spacy_causal.acquisition.seeding import (
    draw_row,
    length_weights,
    seed_centres,
    squared_distances,
)
from spacy_causal.types import Budget


def draws(rows, weights, n, seed):
    basket = Basket(np.ones(len(rows), dtype=int), Budget(n))
    gradients = DenseGradients.of_rows(np.asarray(rows, dtype=np.float32))
    seed_centres(gradients, weights, basket, np.random.default_rng(seed))
    return basket.chosen


def slow_draws(rows, weights, n, seed):
    rng, chosen = np.random.default_rng(seed), []
    while len(chosen) < n:
        mass = []
        for i, row in enumerate(rows):
            d = [((row - rows[c]) ** 2).sum() for c in chosen] or [(row**2).sum()]
            mass.append(0.0 if i in chosen else weights[i] * min(d))
        u, total = rng.random() * sum(mass), 0.0
        for i, part in enumerate(mass):
            total += part
            if u < total:
                chosen.append(i)
                break
    return chosen


@pytest.mark.parametrize("weight", ["l2", "1", "1/l", "1/l2"])
def test_the_same_draws_as_in_loops(weight):
    lengths = [3, 1, 7, 5, 2, 4, 6, 2]
    rows = slow_gradients(random_view(lengths))
    weights = length_weights(np.array(lengths), weight)
    for seed in range(20):
        assert draws(rows, weights, 6, seed) == slow_draws(rows, weights, 6, seed)


def test_the_paper_weighs_by_the_squared_length():
    weights = length_weights(np.array([1, 2, 4]), "l2")
    assert weights / weights.sum() == pytest.approx(np.array([1, 4, 16]) / 21)
    assert length_weights(np.array([1, 2]), "1/l2") == pytest.approx([1, 0.25])
    assert length_weights(np.array([1, 2]), "1/l") == pytest.approx([1, 0.5])
    assert length_weights(np.array([1, 2]), "1") == pytest.approx([1, 1])
    for weight in ("l2", "1", "1/l", "1/l2"):
        assert length_weights(np.array([0]), weight) == [1]


def test_the_first_centre_follows_the_norms():
    rows = np.diag([1.0, 2.0, 3.0])
    first = [draws(rows, np.ones(3), 1, seed)[0] for seed in range(4000)]
    shares = np.bincount(first) / len(first)
    assert shares == pytest.approx(np.array([1, 4, 9]) / 14, abs=0.03)


def test_the_origin_is_no_centre():
    # Nearer to the origin than to the first centre, yet as far from it as any.
    rows = np.array([[100.0, 0.0], [0.0, 0.1], [0.0, -0.1]])
    second = [draws(rows, np.ones(3), 2, seed)[1] for seed in range(2000)]
    assert np.bincount(second)[1:] / 2000 == pytest.approx([0.5, 0.5], abs=0.05)


def test_a_copy_of_a_centre_comes_last():
    rows = np.random.default_rng(0).normal(size=(5, 50)).astype(np.float32) * 1e3
    rows = np.vstack([rows, rows[:1] * np.float32(1 + 1e-7)])
    for seed in range(50):
        picked = draws(rows, np.ones(6), 6, seed)
        assert sorted(picked) == list(range(6))
        assert picked[-1] in (0, 5)


def test_rounding_is_no_distance():
    rows = np.array([[1e3, 1.0], [1e3, 1.0], [1e3, 5.0]], dtype=np.float32)
    norms = (rows.astype(float) ** 2).sum(1)
    assert squared_distances(norms, rows @ rows[0], 0).tolist()[:2] == [0, 0]


def test_a_distance_at_the_bound_is_rounding(monkeypatch):
    monkeypatch.setattr("spacy_causal.acquisition.seeding.ROUNDING", 0.5)
    norms, products = np.array([1.0, 1.0, 1.0]), np.array([1.0, 0.5, 0.25])
    assert squared_distances(norms, products, 0).tolist() == [0, 0, 1.5]


def test_no_number_is_an_error():
    rows = np.array([[1.0], [np.nan]])
    with pytest.raises(ValueError, match="finite"):
        draws(rows, np.ones(2), 1, 0)


def test_a_draw_at_the_very_end_has_mass():
    class Last:
        def random(self):
            return 1.0

    mass = np.array([0.2, 0.3, 0.0])
    assert draw_row(mass, mass > 0, Last()) == 1


def test_the_cover_takes_no_draw_for_what_is_no_number():
    points = np.array([[1.0], [np.nan], [2.0]])
    basket = Basket(np.ones(3, dtype=int), Budget(1))
    with pytest.raises(ValueError, match="finite"):
        cover(points, points[:1], basket, np.random.default_rng(0))
    assert basket.chosen == []


def test_the_cover_takes_what_is_farthest():
    rng = np.random.default_rng(0)
    points, centres = rng.normal(size=(30, 4)), rng.normal(size=(300, 4))
    basket = Basket(np.ones(30, dtype=int), Budget(8))
    cover(points, centres, basket, rng)
    known, slow = list(centres), []
    for _ in range(8):
        d = [
            -1 if i in slow else min(((p - c) ** 2).sum() for c in known)
            for i, p in enumerate(points)
        ]
        slow.append(int(np.argmax(d)))
        known.append(points[slow[-1]])
    assert basket.chosen == slow


def covered(points, centres, n):
    basket = Basket(np.ones(len(points), dtype=int), Budget(n))
    cover(points, centres, basket, np.random.default_rng(0))
    return basket.chosen


def test_the_cover_tells_small_distances_apart():
    points = np.array([[0.0], [0.1], [0.3], [0.25]])
    assert covered(points, points[:1], 2) == [2, 1]


def test_the_cover_takes_copies_once_each():
    points = np.full((4, 2), 0.1)
    assert sorted(covered(points, points[:1], 4)) == [0, 1, 2, 3]
    # Of such norms a distance of 0 may be rounded to less than −1.
    points = np.repeat(np.random.default_rng(0).normal(size=(1, 50)) * 1e4, 6, axis=0)
    points = points.astype(np.float32)
    assert sorted(covered(points, points[:1], 6)) == list(range(6))


@pytest.mark.parametrize("n_centres", [0, 1])
def test_the_cover_takes_copies_once_each_where_rounding_is_below_zero(n_centres):
    points = np.full((4, 1), 10094.37, dtype=np.float32)
    norm, product = float(points[0, 0]) ** 2, float(points[0] @ points[0])
    assert 2 * norm - 2 * product < -1
    assert sorted(covered(points, points[:n_centres], 4)) == [0, 1, 2, 3]


def test_a_cover_without_centres_begins_anywhere():
    points = np.array([[0.0], [1.0], [5.0]])
    first = set()
    for seed in range(40):
        basket = Basket(np.ones(3, dtype=int), Budget(2))
        cover(points, points[:0], basket, np.random.default_rng(seed))
        first.add(basket.chosen[0])
        assert basket.chosen[1] == (0 if basket.chosen[0] == 2 else 2)
    assert first == {0, 1, 2}
