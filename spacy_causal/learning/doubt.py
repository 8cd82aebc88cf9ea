"""Answers of somebody who errs: how far each is to be believed."""

import numpy as np
from thinc.types import Floats1d, Floats2d


def belief_in_chosen(prior: Floats1d, mistakes: float, n_wrong: int) -> Floats1d:
    """P(y is true | y was chosen) by Bayes' rule, for somebody who gives each of the
    `n_wrong` wrong answers with probability ε / n_wrong:
    (1 − ε) p / ((1 − ε) p + ε (1 − p) / n_wrong).

    prior (Floats1d): p, what y is given without the answer, shape (k,).
    mistakes (float): ε, in [0, 1).
    n_wrong (int): One fewer than the answers to choose from.
    RETURNS (Floats1d): Shape (k,).
    """
    right = (1 - mistakes) * np.asarray(prior, dtype=np.float64)
    wrong = mistakes * (1 - prior) / max(n_wrong, 1)
    total = right + wrong
    return np.where(total > 0, right / np.where(total > 0, total, 1), 1.0)


def kept_by_doubt(mistakes: float, n_refused: int) -> float:
    """By the same rule, the share of its probability that a refused type keeps,
    relative to the types that were not refused: ε / (n (1 − ε)).

    n_refused (int): n, how many types were refused at once. If one of them is true,
        that is also the number of wrong answers that could have been given.
    """
    return mistakes / (max(n_refused, 1) * (1 - mistakes))


def doubted_rows(
    observed: Floats2d,
    own: Floats2d,
    chosen: np.ndarray,
    ratios: Floats1d,
    *,
    mistakes: float,
    n_wrong: int,
    temperature: float = 1.0,
) -> Floats2d:
    """Targets for tokens that a user who errs said to be of a type: the type gets the
    probability that the answer is right, and the other tags share the rest in the
    model's proportions.

    The model's p is flattened by the temperature and multiplied by each type's ratio of
    actual to expected confirmations, so that a type which the model has yet to learn is
    not doubted for long.

    observed, own (Floats2d): What the answer says; the model's, shape (k, M).
    chosen (ndarray[bool]): The tags of the chosen type, shape (M,).
    ratios (Floats1d): Of confirmed to expected, see `Trust.ratios_of_tags`, shape (M,).
    RETURNS (Floats2d): Shape (k, M).
    """
    own = np.asarray(own, dtype=np.float64)
    prior = own ** (1 / temperature) * ratios
    prior = prior[:, chosen].sum(axis=1) / np.maximum(prior.sum(axis=1), 1e-300)
    belief = belief_in_chosen(prior, mistakes, n_wrong)[:, None]
    others = np.where(chosen, 0.0, own)
    mass = others.sum(axis=1, keepdims=True)
    belief = np.where(mass > 0, belief, 1.0)
    others /= np.where(mass > 0, mass, 1.0)
    return (belief * observed + (1 - belief) * others).astype(np.float32)
