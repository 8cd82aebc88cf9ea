"""What a question is about: each token, or each mention and what is nearly one."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from thinc.types import Floats1d, Floats2d, Ints1d, Ints2d


class Units(NamedTuple):
    """Spans of a batch, by document and then by place.

    spans (Ints2d): Half-open, on the tokens of the batch, shape (U, 2).
    counts (Ints1d): Spans per document, shape (B,); they sum to U.
    """

    spans: Ints2d
    counts: Ints1d


def token_units(is_space: np.ndarray, lengths: Sequence[int]) -> Units:
    """Every token by itself, but for white space.

    is_space (bool): Shape (N,).
    lengths (Sequence[int]): Tokens per document; they sum to N.
    """
    starts = np.flatnonzero(~is_space)
    document = np.searchsorted(np.cumsum(lengths), starts, side="right")
    counts = np.bincount(document, minlength=len(lengths))
    return Units(np.stack([starts, starts + 1], axis=1), counts)


def mention_units(
    predicted: Ints2d,
    mention_probability: Floats1d,
    is_space: np.ndarray,
    is_punct: np.ndarray,
    lengths: Sequence[int],
    *,
    near_miss: float,
) -> Units:
    """Predicted mentions and near-misses: the longest runs of other tokens that may be
    part of one, if any of them is a word. None begins or ends on white space.

    predicted (Ints2d): Half-open spans, shape (P, 2).
    mention_probability (Floats1d): P(not "O"), shape (N,).
    is_space, is_punct (bool): Shape (N,).
    lengths (Sequence[int]): Tokens per document; they sum to N.
    near_miss (float): The probability from which a token may be part of a mention.
    """
    close = mention_probability >= near_miss
    for start, end in predicted:
        close[start:end] = False
    near = _trim(_runs(close, lengths), is_space)
    words_before = np.concatenate([[0], np.cumsum(~is_space & ~is_punct)])
    near = near[words_before[near[:, 1]] > words_before[near[:, 0]]]
    spans = np.concatenate([_trim(predicted, is_space), near])
    spans = spans[np.argsort(spans[:, 0])]
    document = np.searchsorted(np.cumsum(lengths), spans[:, 0], side="right")
    return Units(spans, np.bincount(document, minlength=len(lengths)))


def only(units: Units, kept: np.ndarray) -> Units:
    """Those of the units that are kept.

    kept (bool): Shape (U,).
    """
    document = np.repeat(np.arange(len(units.counts)), units.counts)
    counts = np.bincount(document[kept], minlength=len(units.counts))
    return Units(units.spans[kept], counts)


def unit_tokens(units: Units) -> Ints1d:
    """The tokens of each unit, one unit after the other, shape (S,)."""
    sizes = units.spans[:, 1] - units.spans[:, 0]
    first = np.cumsum(sizes) - sizes
    return np.repeat(units.spans[:, 0] - first, sizes) + np.arange(sizes.sum())


def unit_means(values: Floats2d, units: Units) -> Floats2d:
    """Each unit's mean, shape (S, ...) over `unit_tokens` → (U, ...)."""
    sizes = units.spans[:, 1] - units.spans[:, 0]
    if len(values) == len(sizes):
        return values
    sums = np.add.reduceat(values, np.cumsum(sizes) - sizes, axis=0)
    return sums / sizes.reshape(-1, *[1] * (values.ndim - 1)).astype(values.dtype)


def _runs(marked: np.ndarray, lengths: Sequence[int]) -> Ints2d:
    """The longest spans of marked tokens within a document."""
    edge = np.zeros(len(marked) + 1, dtype=bool)
    edge[np.cumsum([0, *lengths])] = True
    padded = np.concatenate([[False], marked, [False]])
    starts = marked & (edge[:-1] | ~padded[:-2])
    ends = marked & (edge[1:] | ~padded[2:])
    return np.stack([np.flatnonzero(starts), np.flatnonzero(ends) + 1], axis=1)


def _trim(spans: Ints2d, is_space: np.ndarray) -> Ints2d:
    """Spans without the white space at their ends; none of nothing else."""
    at = np.arange(len(is_space))
    following = np.minimum.accumulate(np.where(is_space, len(at), at)[::-1])[::-1]
    preceding = np.maximum.accumulate(np.where(is_space, -1, at))
    starts, ends = following[spans[:, 0]], preceding[spans[:, 1] - 1] + 1
    return np.stack([starts, ends], axis=1)[starts < ends]
