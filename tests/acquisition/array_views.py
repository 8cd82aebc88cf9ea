"""Views over random arrays, and the slow references that strategies are held to."""

from itertools import pairwise

import numpy as np

from spacy_causal.acquisition.uncertainty import mutual_information
from spacy_causal.learning.pool.view import PoolView
from spacy_causal.numeric import entropy, softmax


def random_view(lengths, *, n_tags=4, width=5, seed=0, scale=2.0, passes=6) -> PoolView:
    """Everything that a view can hold, of documents of these lengths."""
    rng = np.random.default_rng(seed)
    n = sum(lengths)
    probabilities = softmax(scale * rng.normal(size=(n, n_tags)))
    hidden = rng.normal(size=(n, width))
    drawn = softmax(scale * rng.normal(size=(passes, n, n_tags)))
    edges = np.cumsum([0, *lengths])
    cut = [slice(a, b) for a, b in pairwise(edges)]
    arrays = {
        "probabilities": probabilities,
        "hidden": hidden,
        "embeddings": np.array(
            [hidden[c].mean(0) if c.start < c.stop else np.zeros(width) for c in cut]
        ).reshape(-1, width),
        "best": np.array([np.log(probabilities[c].max(1)).sum() for c in cut]),
        "votes": rng.integers(n_tags, size=(n, 3)),
        "samples": drawn.argmax(2).T,
        "information": mutual_information(drawn.mean(0), entropy(drawn).mean(0)),
    }
    words = [[f"w{i}x{t}" for t in range(length)] for i, length in enumerate(lengths)]
    ids = [f"doc {i}" for i in range(len(lengths))]
    return PoolView(ids, np.array(lengths, dtype=int), arrays, words.__getitem__)


def slow_gradients(view: PoolView) -> np.ndarray:
    """g_x of each document in loops, shape (N, M·D)."""
    found = []
    for id in view.ids:
        p, h = view.probabilities(id), view.hidden(id).astype(float)
        g = np.zeros((view.arrays["probabilities"].shape[1], h.shape[1] or 1))
        for t in range(len(p)):
            for m in range(p.shape[1]):
                g[m] += -((m == p[t].argmax()) - p[t, m]) * h[t]
        found.append(g.ravel())
    return np.array(found)
