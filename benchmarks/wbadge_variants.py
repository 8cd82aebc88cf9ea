"""Forms of W-BADGE that were looked at on dev: `--strategies "wbadge_variant:..."`.

    python benchmarks/wbadge.py --data conll2003 --split dev --seeds 0,1 --rounds 4 \\
        --strategies "wbadge:weight=1/l2,wbadge_variant:temperature=2"
"""

from functools import partial
from typing import Any

import numpy as np
from numpy.random import Generator
from spacy import registry

from spacy_causal.acquisition.basket import Basket
from spacy_causal.acquisition.gradients import (
    DenseGradients,
    embed_batch,
    label_errors,
)
from spacy_causal.acquisition.seeding import length_weights, seed_centres
from spacy_causal.acquisition.strategies import Ids, strategy
from spacy_causal.numeric import entropy
from spacy_causal.types import Acquire, Needs, View


@registry.misc("spacy-causal.acquire_wbadge_variant.v1")
def create_variant(
    weight: str = "1/l2",
    temperature: float = 1.0,
    certain: float = 1.0,
    by_entropy: bool = False,
) -> Acquire:
    """W-BADGE with another p, other tokens, or another measure of doubt.

    temperature (float): p is softmax(logits / temperature).
    certain (float): Tokens whose most frequent tag, O, is as probable are left out.
    by_entropy (bool): Instead of a gradient's length, the mean entropy of the tokens:
        gradients are of length 1, and the weight is that entropy squared.
    """
    settings = {"temperature": temperature, "certain": certain}
    fill = partial(fill_by_variant, weight=weight, by_entropy=by_entropy, **settings)
    return strategy(fill, Needs(probabilities=True, hidden=True), None)


def fill_by_variant(
    view: View,
    labelled: Ids,
    unlabelled: Ids,
    basket: Basket,
    rng: Generator,
    *,
    weight: str,
    temperature: float,
    certain: float,
    by_entropy: bool,
) -> None:
    """Weighted k-means++ seeding."""
    every: Any = [view.probabilities(id) for id in unlabelled]
    usual = np.bincount(np.concatenate(every).argmax(axis=1)).argmax()
    rows, doubts = [], []
    for id, p in zip(unlabelled, every, strict=True):
        powered = p.astype(np.float64) ** (1 / temperature)
        p = powered / powered.sum(axis=1, keepdims=True)
        errors = label_errors(p)
        errors[p[:, usual] >= certain] = 0
        rows.append(embed_batch(errors, view.hidden(id), [len(p)])[0])
        doubts.append(entropy(p).mean())
    lengths = view.lengths(unlabelled)
    weights, stacked = length_weights(lengths, weight), np.stack(rows)
    if by_entropy:
        norms = np.linalg.norm(stacked, axis=1, keepdims=True)
        stacked, weights = stacked / np.maximum(norms, 1e-12), np.array(doubts) ** 2
    seed_centres(DenseGradients.of_rows(stacked), weights, basket, rng)
