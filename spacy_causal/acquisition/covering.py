"""Core-set selection: a greedy k-centre cover of the pool."""

import numpy as np
from numpy.random import Generator
from thinc.types import Floats1d, Floats2d

from spacy_causal.acquisition.basket import Basket

CENTRES_AT_ONCE = 256


def cover(points: Floats2d, centres: Floats2d, basket: Basket, rng: Generator) -> None:
    """Fill the basket with the point that is farthest from all centres, and make it
    one: Core-set (Sener and Savarese, ICLR 2018), greedy.

    points (Floats2d): Of the unlabelled, shape (N, D).
    centres (Floats2d): Of the labelled, shape (L, D); without any the first pick is
        drawn.
    Raises ValueError for a point or centre that is not finite.
    """
    if not (np.isfinite(points).all() and np.isfinite(centres).all()):
        raise ValueError("A vector is not finite: the model gives NaN or infinity.")
    norms = np.einsum("nd,nd->n", points, points, dtype=np.float64)
    nearest = nearest_centre(points, norms, centres)
    while basket.open.any():
        if np.isfinite(nearest).all():
            row = int(np.where(basket.open, nearest, -1).argmax())
        else:
            row = int(rng.choice(np.flatnonzero(basket.open)))
        distances = norms + norms[row] - 2 * (points @ points[row])
        nearest = np.minimum(nearest, np.maximum(distances, 0))
        basket.take(row)


def nearest_centre(points: Floats2d, norms: Floats1d, centres: Floats2d) -> Floats1d:
    """Squared distance to the nearest centre, shape (N,); infinite without any.

    norms (Floats1d): Squared norms of the points, shape (N,).
    """
    nearest = np.full(len(points), np.inf)
    for start in range(0, len(centres), CENTRES_AT_ONCE):
        part = centres[start : start + CENTRES_AT_ONCE]
        own = np.einsum("ld,ld->l", part, part, dtype=np.float64)
        closest = (own - 2 * (points @ part.T)).min(axis=1) + norms
        nearest = np.minimum(nearest, np.maximum(closest, 0))
    return nearest
