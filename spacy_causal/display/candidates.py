"""From the scores of tags to the K types that are shown."""

from functools import reduce

import numpy as np
from thinc.types import Floats1d, Floats2d, Ints2d

from spacy_causal.numeric import log_softmax, softmax
from spacy_causal.tags.scheme import PREFIXES, TagSet

OUTSIDE = "O"


def type_names(tag_set: TagSet) -> tuple[str, ...]:
    """The types that a token may be of, "O" first where the scheme marks spans."""
    return tag_set.labels if tag_set.scheme == "token" else (OUTSIDE, *tag_set.labels)


def type_log_probabilities(logits: Floats2d, tag_set: TagSet) -> Floats2d:
    """log P(type) at each token: log Σ exp over the tags that spell the type.

    logits (Floats2d): Scores of tags, shape (N, M).
    RETURNS (Floats2d): Shape (N, T), one column a name of `type_names`.
    """
    n_marks = len(PREFIXES[tag_set.scheme])
    if n_marks <= 1:
        return log_softmax(logits)
    marks = [logits[:, 1 + i :: n_marks] for i in range(n_marks)]
    highest = reduce(np.maximum, marks)
    total = sum(np.exp(mark - highest) for mark in marks)
    return log_softmax(np.hstack([logits[:, :1], highest + np.log(total)]))


def mention_probability(logits: Floats2d) -> Floats1d:
    """P(not "O") at each token, of a scheme that marks spans: (N, M) → (N,)."""
    return 1 - softmax(logits)[:, 0]


def display_log_probabilities(
    type_logits: Floats2d, scale: Floats1d, noise: Floats2d
) -> Floats2d:
    """log P(D|do(E)), what the K labels are chosen by.

    CITISL (Findings of EMNLP 2022), section 4.2: P(D|do(E)) = softmax(logit + I·ε).
    Its logarithm keeps the order of types whose probability is too small for a float.

    type_logits (Floats2d): Shape (U, T), U tokens or mentions.
    scale (Floats1d): I, shape (U,).
    noise (Floats2d): ε, shape (U, T).
    RETURNS (Floats2d): Shape (U, T).
    """
    return log_softmax(type_logits + scale[:, None] * noise)


def top_k(values: Floats2d, k: int) -> Ints2d:
    """The K highest of each row, the highest first, of equal ones the earlier column.

    values (Floats2d): Finite, shape (U, T).
    RETURNS (Ints2d): int32, shape (U, min(K, T)).
    """
    left = np.array(values)
    chosen = np.empty((len(left), min(k, left.shape[1])), dtype=np.int32)
    for rank in range(chosen.shape[1]):
        chosen[:, rank] = left.argmax(axis=1)
        np.put_along_axis(left, chosen[:, rank : rank + 1], -np.inf, axis=1)
    return chosen
