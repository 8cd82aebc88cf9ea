"""k-means++ seeding with weights: one centre after the other."""

import numpy as np
from numpy.random import Generator
from thinc.types import Floats1d, Ints1d

from spacy_causal.acquisition.basket import Basket
from spacy_causal.types import Gradients

ROUNDING = 1e-6


def length_weights(lengths: Ints1d, weight: str | int) -> Floats1d:
    """w(x) of W-BADGE, eq. 5, up to a factor: "l2" is the paper's l(x)², "1" BADGE's,
    "1/l" and "1/l2" count d(x)² per word and per squared word."""
    power = {"l2": 2, "1": 0, "1/l": -1, "1/l2": -2}.get(str(weight))
    if power is None:
        raise ValueError(f"A weight is 'l2', '1', '1/l' or '1/l2', not {weight!r}.")
    return np.maximum(lengths, 1).astype(np.float64) ** power


def seed_centres(
    gradients: Gradients, weights: Floats1d, basket: Basket, rng: Generator
) -> None:
    """Fill the basket: p(x) ∝ w(x) d(x)², W-BADGE, eq. 5. The first centre is drawn by
    the norms; d(x) is the distance to the nearest centre, and to no origin.

    weights (Floats1d): w(x), shape (N,).
    Raises ValueError for a gradient that is not finite.
    """
    norms = gradients.squared_norms().astype(np.float64)
    if not np.isfinite(norms).all():
        raise ValueError("A gradient is not finite: the model gives NaN or infinity.")
    nearest = norms
    while basket.open.any():
        row = draw_row(np.where(basket.open, weights * nearest, 0), basket.open, rng)
        distances = squared_distances(norms, gradients.products(row), row)
        nearest = np.minimum(nearest, distances) if basket.chosen else distances
        basket.take(row)


def squared_distances(norms: Floats1d, products: Floats1d, row: int) -> Floats1d:
    """‖g_x − g_row‖² for every x, shape (N,); what may be rounding is 0."""
    sums = norms + norms[row]
    distances = sums - 2 * products
    return np.where(distances > ROUNDING * sums, distances, 0)


def draw_row(mass: Floats1d, open_rows: np.ndarray, rng: Generator) -> int:
    """One row with a probability proportional to its mass; where there is none, any
    open row as likely as another."""
    if not mass.any():
        mass = open_rows.astype(np.float64)
    up_to = np.cumsum(mass)
    row = np.searchsorted(up_to, rng.random() * up_to[-1], side="right")
    # By rounding, the product may equal the total.
    return int(min(row, np.flatnonzero(mass)[-1]))
